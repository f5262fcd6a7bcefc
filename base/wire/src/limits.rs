//! How much of everything a request may hold.

/// Nesting of values in JSON, XML and CBOR bodies, and of names in form keys.
pub const MAX_DEPTH: usize = 128;
/// Keys in one form.
pub const MAX_FORM_KEYS: usize = 20_000;
/// Different names between the dots of all keys of one form.
pub const MAX_FORM_PARTS: usize = 200_000;
/// The largest list index in a form key.
pub const MAX_LIST_INDEX: u32 = 100_000;
/// Bytes of a body after it was inflated; the same cap that a listener puts on a plain body.
pub const MAX_BODY: usize = 10 * 1024 * 1024;
/// Violations that one message names.
pub const MAX_VIOLATIONS: usize = 1_000;

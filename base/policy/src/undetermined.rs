//! Questions that AWS's documentation leaves open, one function each, so that an answer can be flipped in one place.
//!
//! Both evaluators ask here.

/// Whether a negated operator holds when the request's value cannot be parsed (a number, date, address or ARN).
///
/// Yes: negated operators are the complement of the positive ones, and a `Deny` with one then denies.
pub(crate) fn negated_operator_holds_on_unparsable_value() -> bool {
    true
}

/// Whether `ForAnyValue:…IfExists` holds when the key is absent. Yes, as for every other `…IfExists`.
pub(crate) fn for_any_value_if_exists_holds_without_key() -> bool {
    true
}

/// Whether `pattern` in an ARN operator, though no ARN, is meant to match every ARN.
///
/// `*` and `arn:*` are. They do not match values that are no ARNs.
pub(crate) fn is_every_arn(pattern: &str) -> bool {
    matches!(pattern, "*" | "arn:*")
}

/// Whether a role's session that a `NotPrincipal` names only through its account (`:root`) is spared.
///
/// No: the element spares exactly the principals it lists; the account's entry is the root user's.
pub(crate) fn not_principal_account_spares_everyone_in_it() -> bool {
    false
}

/// Whether a `*` principal bypasses the caller's boundary and session policy as a grant to its own ARN does.
///
/// No, it grants only what an identity policy would have to grant otherwise.
pub(crate) fn star_grant_bypasses_limits() -> bool {
    false
}

/// The meaning of a word other than `true` and `false` (`yes`, `1`) in a `Bool` condition: none.
pub(crate) fn other_word_as_bool(_word: &str) -> Option<bool> {
    None
}

//! AWS's limits on policies and names.

/// Characters of a managed policy document, white space not counted.
pub const MANAGED_POLICY: usize = 6144;
/// Characters of all inline policies of a user together, white space not counted.
pub const USER_INLINE: usize = 2048;
/// Characters of all inline policies of a group together, white space not counted.
pub const GROUP_INLINE: usize = 5120;
/// Characters of all inline policies of a role together, white space not counted.
pub const ROLE_INLINE: usize = 10_240;
/// Characters of a trust policy, white space not counted; an account may ask for [`TRUST_POLICY_MAXIMUM`].
pub const TRUST_POLICY: usize = 2048;
/// Characters of a trust policy at most, after a quota increase.
pub const TRUST_POLICY_MAXIMUM: usize = 4096;
/// Characters of the session policies of one session in plain text.
pub const SESSION_POLICY: usize = 2048;
/// ARNs of managed policies that one session may be limited by.
pub const SESSION_POLICY_ARNS: usize = 10;
/// Characters of a service control policy, white space not counted.
pub const SERVICE_CONTROL_POLICY: usize = 5120;
/// Characters of a resource control policy, white space counted.
pub const RESOURCE_CONTROL_POLICY: usize = 5120;
/// Managed policies attached to a user, group or role by default.
pub const ATTACHED_POLICIES: usize = 10;
/// Managed policies attached to a user or role at most, after a quota increase.
pub const ATTACHED_POLICIES_MAXIMUM: usize = 20;
/// Versions of a managed policy.
pub const POLICY_VERSIONS: usize = 5;
/// Groups of a user.
pub const GROUPS_PER_USER: usize = 10;
/// Characters of a role's name.
pub const ROLE_NAME: usize = 64;
/// Characters of a user's name.
pub const USER_NAME: usize = 64;
/// Characters of a group's name.
pub const GROUP_NAME: usize = 128;
/// Characters of a policy's name.
pub const POLICY_NAME: usize = 128;
/// Characters of a path.
pub const PATH: usize = 512;
/// Characters of a role session's name.
pub const ROLE_SESSION_NAME: usize = 64;
/// Tags on an IAM entity.
pub const TAGS: usize = 50;
/// Characters of a tag's key.
pub const TAG_KEY: usize = 128;
/// Characters of a tag's value, which may be empty.
pub const TAG_VALUE: usize = 256;
/// Characters of an external id.
pub const EXTERNAL_ID: std::ops::RangeInclusive<usize> = 2..=1224;

/// The size of a document as its limit counts it: characters other than white space.
pub fn size(text: &str) -> usize {
    text.chars().filter(|c| !matches!(c, ' ' | '\t' | '\n' | '\r')).count()
}

/// Whether every character is one that AWS takes in a policy document: U+0009, U+000A, U+000D, U+0020–U+00FF.
pub fn has_only_policy_characters(text: &str) -> bool {
    text.chars()
        .all(|c| matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{ff}'))
}

/// Whether `id` is an external id that AWS takes: its length and its characters.
pub fn is_external_id(id: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "+=,.@:/-_".contains(c);
    EXTERNAL_ID.contains(&id.len()) && id.chars().all(allowed)
}

/// Whether `name` is a name that AWS takes for an inline policy: no `\`, `/`, `*`, `?`, no white space.
pub fn is_inline_policy_name(name: &str) -> bool {
    let excluded = |c: char| c.is_whitespace() || matches!(c, '\\' | '/' | '*' | '?');
    (1..=POLICY_NAME).contains(&name.chars().count()) && !name.chars().any(excluded)
}

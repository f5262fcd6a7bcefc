//! Names of condition keys, such as `aws:ResourceTag/team`, and their ids.

use std::cmp::Ordering;
use std::fmt;

use crate::generated::keys::KEYS;
use crate::table::{compare, compare_prefix};

/// The type that the service reference gives a condition key; for information, the evaluator goes by the operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyType {
    /// A text.
    String,
    /// A list of texts.
    ArrayOfString,
    /// An ARN.
    Arn,
    /// A list of ARNs.
    ArrayOfArn,
    /// `true` or `false`.
    Bool,
    /// An instant.
    Date,
    /// A number.
    Numeric,
    /// An address or network.
    IpAddress,
    /// Bytes, in base64.
    Binary,
}

impl KeyType {
    /// The name of the type as `iam:SimulateCustomPolicy` calls it (`ContextKeyTypeEnum`).
    pub fn simulation_name(self) -> &'static str {
        match self {
            Self::String | Self::Arn => "string",
            Self::ArrayOfString | Self::ArrayOfArn => "stringList",
            Self::Bool => "boolean",
            Self::Date => "date",
            Self::Numeric => "numeric",
            Self::IpAddress => "ip",
            Self::Binary => "binary",
        }
    }
}

/// The id of a condition key that the generated tables know, or of a family of keys (`aws:ResourceTag/${TagKey}`).
///
/// Ids change when the tables are regenerated; do not store them. Constants are made with [`KeyId::of`]:
///
/// ```
/// use roadstead_policy::KeyId;
/// const EXTERNAL_ID: KeyId = KeyId::of("sts:ExternalId");
/// assert_eq!(EXTERNAL_ID.name(), "sts:ExternalId");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(pub(crate) u16);

macro_rules! well_known {
    ($($constant:ident = $name:literal),* $(,)?) => {
        impl KeyId {
            $(#[doc = concat!("`", $name, "`.")] pub const $constant: Self = Self::of($name);)*
        }
    };
}

well_known! {
    CALLED_VIA = "aws:CalledVia",
    CALLED_VIA_FIRST = "aws:CalledViaFirst",
    CALLED_VIA_LAST = "aws:CalledViaLast",
    CURRENT_TIME = "aws:CurrentTime",
    EPOCH_TIME = "aws:EpochTime",
    FEDERATED_PROVIDER = "aws:FederatedProvider",
    MULTI_FACTOR_AUTH_AGE = "aws:MultiFactorAuthAge",
    MULTI_FACTOR_AUTH_PRESENT = "aws:MultiFactorAuthPresent",
    PRINCIPAL_ACCOUNT = "aws:PrincipalAccount",
    PRINCIPAL_ARN = "aws:PrincipalArn",
    PRINCIPAL_IS_AWS_SERVICE = "aws:PrincipalIsAWSService",
    PRINCIPAL_ORG_ID = "aws:PrincipalOrgID",
    PRINCIPAL_SERVICE_NAME = "aws:PrincipalServiceName",
    PRINCIPAL_SERVICE_NAMES_LIST = "aws:PrincipalServiceNamesList",
    PRINCIPAL_TAG = "aws:PrincipalTag/${TagKey}",
    PRINCIPAL_TYPE = "aws:PrincipalType",
    REFERER = "aws:referer",
    REQUESTED_REGION = "aws:RequestedRegion",
    REQUEST_TAG = "aws:RequestTag/${TagKey}",
    RESOURCE_ACCOUNT = "aws:ResourceAccount",
    RESOURCE_ORG_ID = "aws:ResourceOrgID",
    RESOURCE_TAG = "aws:ResourceTag/${TagKey}",
    SECURE_TRANSPORT = "aws:SecureTransport",
    SOURCE_ACCOUNT = "aws:SourceAccount",
    SOURCE_ARN = "aws:SourceArn",
    SOURCE_IDENTITY = "aws:SourceIdentity",
    SOURCE_IP = "aws:SourceIp",
    SOURCE_VPC = "aws:SourceVpc",
    SOURCE_VPCE = "aws:SourceVpce",
    TAG_KEYS = "aws:TagKeys",
    TOKEN_ISSUE_TIME = "aws:TokenIssueTime",
    USER_AGENT = "aws:UserAgent",
    USER_ID = "aws:userid",
    USER_NAME = "aws:username",
    VIA_AWS_SERVICE = "aws:ViaAWSService",
    VPC_SOURCE_IP = "aws:VpcSourceIp",
    AUTOSCALING_RESOURCE_TAG = "autoscaling:ResourceTag/${TagKey}",
    EC2_RESOURCE_TAG = "ec2:ResourceTag/${TagKey}",
    ECS_CLUSTER = "ecs:cluster",
    ECS_RESOURCE_TAG = "ecs:ResourceTag/${TagKey}",
    EVENTS_MANAGED_BY = "events:ManagedBy",
    IAM_ASSOCIATED_RESOURCE_ARN = "iam:AssociatedResourceArn",
    IAM_AWS_SERVICE_NAME = "iam:AWSServiceName",
    IAM_PASSED_TO_SERVICE = "iam:PassedToService",
    IAM_PERMISSIONS_BOUNDARY = "iam:PermissionsBoundary",
    IAM_POLICY_ARN = "iam:PolicyARN",
    IAM_RESOURCE_TAG = "iam:ResourceTag/${TagKey}",
    STS_EXTERNAL_ID = "sts:ExternalId",
    STS_ROLE_SESSION_NAME = "sts:RoleSessionName",
    STS_SOURCE_IDENTITY = "sts:SourceIdentity",
}

impl KeyId {
    /// Finds a key or family by the table's spelling, in any letter case.
    #[expect(
        clippy::indexing_slicing,
        reason = "the middle of a range inside the table is inside the table"
    )]
    #[expect(clippy::cast_possible_truncation, reason = "the table has fewer than 65,536 rows")]
    pub const fn find(name: &str) -> Option<Self> {
        let (mut from, mut to) = (0, KEYS.len());
        while from < to {
            let middle = usize::midpoint(from, to);
            match compare(KEYS[middle].0, name) {
                Ordering::Less => from = middle + 1,
                Ordering::Greater => to = middle,
                Ordering::Equal => return Some(Self(middle as u16)),
            }
        }
        None
    }

    /// The id of a key that is known to be in the table, for constants.
    ///
    /// # Panics
    /// When the table has no such key: at compile time, if the result is a constant.
    #[expect(clippy::panic, reason = "meant for constants, where it stops the build")]
    pub const fn of(name: &str) -> Self {
        match Self::find(name) {
            Some(id) => id,
            None => panic!("no such condition key in the service reference"),
        }
    }

    /// The spelling of the key; families end in a placeholder (`aws:ResourceTag/${TagKey}`).
    pub fn name(self) -> &'static str {
        KEYS.get(usize::from(self.0)).map(|(name, _)| *name).unwrap_or_default()
    }

    /// The type that the service reference gives the key.
    pub fn key_type(self) -> KeyType {
        KEYS.get(usize::from(self.0)).map_or(KeyType::String, |(_, kind)| *kind)
    }

    /// The constant part of a family's name (`aws:ResourceTag/`), nothing for a plain key.
    pub(crate) fn family(self) -> Option<&'static str> {
        let name = self.name();
        let (family, rest) = name.split_at_checked(name.rfind('/')? + 1)?;
        ((rest.starts_with("${") && rest.ends_with('}')) || rest == "<key>").then_some(family)
    }

    /// The family that a key name with a slash belongs to, and the length of its constant part.
    fn of_family(name: &str) -> Option<(Self, usize)> {
        let end = name.find('/')? + 1;
        let family = name.get(..end)?.as_bytes();
        let from = KEYS.partition_point(|(key, _)| compare_prefix(key.as_bytes(), family, true) == Ordering::Less);
        // A family's own placeholder sorts before every letter, behind at most the bare prefix.
        let mut candidates = (from..from + 2).filter_map(|at| u16::try_from(at).ok()).map(Self);
        let found = candidates.find(|id| id.family().is_some_and(|f| f.as_bytes().eq_ignore_ascii_case(family)))?;
        Some((found, end))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A condition key as a policy names it and as a [`Context`](crate::Context) is asked for it.
///
/// Key names have no letter case, the tag key after the slash included: compare with
/// [`str::eq_ignore_ascii_case`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key<'a> {
    /// A key of the tables: `aws:SourceIp`.
    Known(KeyId),
    /// A member of a family of the tables: `aws:ResourceTag/team` is `Tag(KeyId::RESOURCE_TAG, "team")`.
    Tag(KeyId, &'a str),
    /// Any other key, as the policy spells it.
    Other(&'a str),
}

impl<'a> Key<'a> {
    /// Interns a key name.
    pub fn parse(name: &'a str) -> Self {
        if let Some(id) = KeyId::find(name)
            && id.family().is_none()
        {
            return Self::Known(id);
        }
        match KeyId::of_family(name) {
            Some((id, end)) => name.get(end..).map_or(Self::Other(name), |tag| Self::Tag(id, tag)),
            None => Self::Other(name),
        }
    }

    /// Tells whether `name` names this key, without regard to letter case.
    pub fn is_named(&self, name: &str) -> bool {
        match self {
            Self::Known(id) => id.name().eq_ignore_ascii_case(name),
            Self::Other(own) => own.eq_ignore_ascii_case(name),
            Self::Tag(id, tag) => id.family().is_some_and(|family| {
                let (head, rest) = name.as_bytes().split_at_checked(family.len()).unwrap_or_default();
                head.eq_ignore_ascii_case(family.as_bytes()) && rest.eq_ignore_ascii_case(tag.as_bytes())
            }),
        }
    }
}

impl fmt::Display for Key<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Known(id) => f.write_str(id.name()),
            Self::Tag(id, tag) => write!(f, "{}{tag}", id.family().unwrap_or_default()),
            Self::Other(name) => f.write_str(name),
        }
    }
}

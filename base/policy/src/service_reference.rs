//! The service authorization reference: what actions, resource types, keys and operations there are.

use crate::action::ActionId;
use crate::generated::actions::{ACTIONS, SERVICES};
use crate::generated::operations::{OPERATION_LISTS, OPERATIONS, OTHER_ACTIONS};
use crate::generated::reference::{ACTION_ROWS, ALL_SERVICES, KNOWN_SERVICES, LISTS, RESOURCE_TYPES, RESOURCE_USES};
use crate::key::KeyId;

/// `(from, length)` in one of the shared lists.
type Run = (u16, u16);

/// Access bits; first resource use; number of uses; keys; dependents.
pub(crate) struct ActionRow(
    pub(crate) u8,
    pub(crate) u16,
    pub(crate) u16,
    pub(crate) Run,
    pub(crate) Run,
);

/// Service prefix; type; ARN format; keys.
pub(crate) struct ResourceTypeRow(
    pub(crate) &'static str,
    pub(crate) &'static str,
    pub(crate) &'static str,
    pub(crate) Run,
);

/// Resource type; whether required; keys.
pub(crate) struct ResourceUseRow(pub(crate) u16, pub(crate) bool, pub(crate) Run);

/// Service; operation; actions; further actions.
pub(crate) struct OperationRow(
    pub(crate) &'static str,
    pub(crate) &'static str,
    pub(crate) Run,
    pub(crate) Run,
);

/// How an action is classified. An action may be in several levels (`Tagging, Write`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccessLevel(u8);

impl AccessLevel {
    const NAMES: [(u8, &'static str); 5] = [
        (16, "Permissions management"),
        (8, "Tagging"),
        (4, "Write"),
        (2, "Read"),
        (1, "List"),
    ];

    /// The names of the levels, the strongest first.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        Self::NAMES
            .into_iter()
            .filter(move |(bit, _)| self.0 & bit != 0)
            .map(|(_, name)| name)
    }
}

/// A resource type of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResourceType {
    /// The service's prefix.
    pub service: &'static str,
    /// The type's name, such as `task-definition`.
    pub name: &'static str,
    /// The format of its ARNs: `arn:${Partition}:ecs:${Region}:${Account}:cluster/${ClusterName}`.
    pub arn: &'static str,
    keys: Run,
}

impl ResourceType {
    /// The condition keys that the type supports.
    pub fn keys(&self) -> impl Iterator<Item = KeyId> + use<> {
        key_list(self.keys)
    }

    /// The resource types of one service, by prefix.
    pub fn of_service(prefix: &str) -> impl Iterator<Item = Self> + '_ {
        let rows = RESOURCE_TYPES
            .iter()
            .filter(move |row| row.0.eq_ignore_ascii_case(prefix));
        rows.map(|ResourceTypeRow(service, name, arn, keys)| Self {
            service,
            name,
            arn,
            keys: *keys,
        })
    }
}

/// A resource type that an action works on.
#[derive(Clone, Copy, Debug)]
pub struct ResourceUse {
    /// The type.
    pub resource: ResourceType,
    /// Whether the action always names a resource of this type.
    pub required: bool,
    keys: Run,
}

impl ResourceUse {
    /// The condition keys that the action supports for this resource.
    pub fn keys(&self) -> impl Iterator<Item = KeyId> + use<> {
        key_list(self.keys)
    }
}

impl ActionId {
    fn row(self) -> Option<&'static ActionRow> {
        ACTION_ROWS.get(usize::from(self.0))
    }

    /// The action's access levels.
    pub fn access(self) -> AccessLevel {
        AccessLevel(self.row().map_or(0, |row| row.0))
    }

    /// The resource types the action works on; none means that only `*` makes sense.
    pub fn resources(self) -> impl Iterator<Item = ResourceUse> {
        let (from, count) = self
            .row()
            .map_or((0, 0), |row| (usize::from(row.1), usize::from(row.2)));
        RESOURCE_USES
            .iter()
            .skip(from)
            .take(count)
            .filter_map(|ResourceUseRow(kind, required, keys)| {
                let ResourceTypeRow(service, name, arn, own) = RESOURCE_TYPES.get(usize::from(*kind))?;
                let resource = ResourceType {
                    service,
                    name,
                    arn,
                    keys: *own,
                };
                Some(ResourceUse {
                    resource,
                    required: *required,
                    keys: *keys,
                })
            })
    }

    /// The condition keys of the action itself. Services send others too: never a filter for evaluation.
    pub fn keys(self) -> impl Iterator<Item = KeyId> {
        key_list(self.row().map_or((0, 0), |row| row.3))
    }

    /// The names of the actions that a caller also needs.
    pub fn dependents(self) -> impl Iterator<Item = &'static str> {
        list(LISTS, self.row().map_or((0, 0), |row| row.4)).map(action_name)
    }
}

/// What an API operation asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Operation {
    actions: Run,
    further: Run,
}

impl Operation {
    /// Finds an operation by botocore's service name (`elbv2`) and the operation's name.
    ///
    /// ```
    /// use roadstead_policy::Operation;
    /// let create = Operation::find("ecs", "CreateService").unwrap();
    /// assert!(create.further_actions().any(|action| action == "iam:CreateServiceLinkedRole"));
    /// ```
    pub fn find(service: &str, operation: &str) -> Option<Self> {
        let found = OPERATIONS.binary_search_by(|row| (row.0, row.1).cmp(&(service, operation)));
        let row = found.ok().and_then(|at| OPERATIONS.get(at))?;
        Some(Self {
            actions: row.2,
            further: row.3,
        })
    }

    /// The actions that the operation checks. `iam:PassRole` among them is checked only when a role is passed.
    pub fn actions(self) -> impl Iterator<Item = &'static str> + use<> {
        list(OPERATION_LISTS, self.actions).map(action_name)
    }

    /// Actions that the caller may need besides, depending on the request: dependents of the reference, and the
    /// hand-written additions (`iam:CreateServiceLinkedRole` where the service creates its role).
    pub fn further_actions(self) -> impl Iterator<Item = &'static str> + use<> {
        list(OPERATION_LISTS, self.further).map(action_name)
    }
}

/// The display name of a service of AWS, by its prefix in lower case.
pub fn service_name(prefix: &str) -> Option<&'static str> {
    let found = ALL_SERVICES.binary_search_by(|(known, _)| (*known).cmp(prefix));
    found.ok().and_then(|at| ALL_SERVICES.get(at)).map(|(_, name)| *name)
}

/// Prefix and display name of the services whose actions, resources and keys are known here, sorted.
pub fn known_services() -> impl Iterator<Item = (&'static str, &'static str)> {
    KNOWN_SERVICES.iter().copied()
}

/// The known actions of one service, sorted by name.
pub fn actions_of(prefix: &str) -> impl Iterator<Item = ActionId> {
    let range = SERVICES.iter().find(|(known, ..)| known.eq_ignore_ascii_case(prefix));
    range.map_or(0..0, |(_, from, to)| *from..*to).map(ActionId)
}

fn list(all: &'static [u16], (from, count): Run) -> impl Iterator<Item = u16> {
    all.iter().skip(usize::from(from)).take(usize::from(count)).copied()
}

fn key_list(run: Run) -> impl Iterator<Item = KeyId> {
    list(LISTS, run).map(KeyId)
}

fn action_name(id: u16) -> &'static str {
    let at = usize::from(id);
    let other = || at.checked_sub(ACTIONS.len()).and_then(|at| OTHER_ACTIONS.get(at));
    ACTIONS.get(at).or_else(other).copied().unwrap_or_default()
}

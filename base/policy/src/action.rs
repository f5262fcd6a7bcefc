//! Names of actions, such as `ecs:RunTask`, and their ids.

use std::cmp::Ordering;
use std::fmt;
use std::ops::Range;

use crate::generated::actions::{ACTIONS, SERVICES};
use crate::table::{compare, compare_prefix};

/// The id of an action that the generated service reference knows: its place in the sorted table.
///
/// Ids change when the tables are regenerated; do not store them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ActionId(pub(crate) u16);

impl ActionId {
    /// Finds an action by its full name, in any letter case.
    ///
    /// ```
    /// use roadstead_policy::ActionId;
    /// const RUN_TASK: Option<ActionId> = ActionId::find("ecs:RunTask");
    /// assert_eq!(RUN_TASK.map(ActionId::name), Some("ecs:RunTask"));
    /// ```
    #[expect(
        clippy::indexing_slicing,
        reason = "the middle of a range inside the table is inside the table"
    )]
    #[expect(clippy::cast_possible_truncation, reason = "the table has fewer than 65,536 rows")]
    pub const fn find(name: &str) -> Option<Self> {
        let (mut from, mut to) = (0, ACTIONS.len());
        while from < to {
            let middle = usize::midpoint(from, to);
            match compare(ACTIONS[middle], name) {
                Ordering::Less => from = middle + 1,
                Ordering::Greater => to = middle,
                Ordering::Equal => return Some(Self(middle as u16)),
            }
        }
        None
    }

    /// The action's name, spelled as its service spells it.
    pub fn name(self) -> &'static str {
        ACTIONS.get(usize::from(self.0)).copied().unwrap_or_default()
    }

    /// Every known action, sorted without regard to case.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..ACTIONS.len()).filter_map(|at| u16::try_from(at).ok()).map(Self)
    }
}

impl fmt::Debug for ActionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The action of a request: one of the table, or any other by name.
///
/// Known actions cost the evaluator no string work; unknown ones are matched against the policy's patterns as text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Action<'a> {
    pub(crate) id: Option<ActionId>,
    pub(crate) name: &'a str,
}

impl<'a> Action<'a> {
    /// The action with this name; one that the table knows gets its id whatever the letter case.
    pub fn named(name: &'a str) -> Self {
        match ActionId::find(name) {
            Some(id) => id.into(),
            None => Self { id: None, name },
        }
    }

    /// The id, if the action is a known one.
    pub fn id(&self) -> Option<ActionId> {
        self.id
    }

    /// The name as messages show it: the service's spelling for known actions, the caller's for others.
    pub fn name(&self) -> &'a str {
        self.name
    }
}

impl From<ActionId> for Action<'static> {
    fn from(id: ActionId) -> Self {
        Self {
            id: Some(id),
            name: id.name(),
        }
    }
}

/// The ids of all actions of one service, empty for a service outside the tables.
pub(crate) fn of_service(prefix: &[u8]) -> Range<u16> {
    let found = SERVICES.binary_search_by(|(name, ..)| compare_prefix(name.as_bytes(), prefix, false));
    found
        .ok()
        .and_then(|at| SERVICES.get(at))
        .map_or(0..0, |(_, from, to)| *from..*to)
}

/// The ids within `among` of the actions whose full name starts with `prefix`.
pub(crate) fn starting_with(prefix: &[u8], among: &Range<u16>) -> Range<u16> {
    let names = ACTIONS
        .get(usize::from(among.start)..usize::from(among.end))
        .unwrap_or_default();
    let from = names.partition_point(|name| compare_prefix(name.as_bytes(), prefix, true) == Ordering::Less);
    let rest = names.get(from..).unwrap_or_default();
    let count = rest.partition_point(|name| compare_prefix(name.as_bytes(), prefix, true) == Ordering::Equal);
    let at = |place: usize| among.start.saturating_add(u16::try_from(place).unwrap_or(u16::MAX));
    at(from)..at(from + count)
}

/// The number of known actions.
pub(crate) fn count() -> u16 {
    u16::try_from(ACTIONS.len()).unwrap_or(u16::MAX)
}

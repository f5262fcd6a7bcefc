//! A group.

use std::collections::BTreeMap;

use roadstead_store::Record;
use serde::{Deserialize, Serialize};

use super::{Common, Entity, Holder, Kind};

/// A group as stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Group {
    /// Name, path, id.
    pub common: Common,
    /// Inline policies.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub inline: BTreeMap<String, String>,
    /// ARNs of attached policies.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attached: Vec<String>,
}

impl Record for Group {
    const TABLE: &'static str = "iam/group";
    const VERSION: u16 = 1;
}

impl Entity for Group {
    const KIND: Kind = Kind::Group;

    fn common(&self) -> &Common {
        &self.common
    }

    fn common_mut(&mut self) -> &mut Common {
        &mut self.common
    }
}

impl Holder for Group {
    const INLINE_LIMIT: usize = 5120;
    const ATTACHED_QUOTA: &'static str = "PoliciesPerGroup";

    fn inline(&self) -> &BTreeMap<String, String> {
        &self.inline
    }

    fn inline_mut(&mut self) -> &mut BTreeMap<String, String> {
        &mut self.inline
    }

    fn attached(&self) -> &Vec<String> {
        &self.attached
    }

    fn attached_mut(&mut self) -> &mut Vec<String> {
        &mut self.attached
    }
}

impl Group {
    /// The group in Amazon's type.
    pub fn to_api(&self) -> api_iam::Group {
        let common = self.common.clone();
        api_iam::Group {
            path: common.path,
            group_name: common.name,
            group_id: common.id,
            arn: common.arn,
            create_date: common.created,
        }
    }
}

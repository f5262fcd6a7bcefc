//! Account settings: their names, values and defaults, and what was set for a principal or for a whole account.

use api_ecs::{Setting, SettingName, SettingType};
use roadstead_store::Record;
use serde::{Deserialize, Serialize};

/// A setting that was made; found by name and principal.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AccountSetting {
    /// The setting's name.
    pub name: String,
    /// Its value.
    pub value: String,
    /// The ARN of the user or role it is for; that of the root user where it is the account's default.
    pub principal: String,
}

impl Record for AccountSetting {
    const TABLE: &'static str = "ecs/account-setting";
    const VERSION: u16 = 1;
}

/// One of the settings there are.
pub struct KnownSetting {
    /// The name.
    pub name: &'static str,
    /// The values it may have.
    pub values: &'static [&'static str],
    /// The value where nothing was set.
    pub default: &'static str,
    /// Whether only Amazon changes it.
    pub managed: bool,
}

const SWITCH: &[&str] = &["enabled", "disabled"];

const fn known(name: &'static str, values: &'static [&'static str], default: &'static str) -> KnownSetting {
    KnownSetting {
        name,
        values,
        default,
        managed: false,
    }
}

/// The settings, in the order in which messages and lists name them.
// AWS: documented; accounts that were made since 2024 have the authorization of tags on.
pub const KNOWN: [KnownSetting; 12] = [
    known("serviceLongArnFormat", SWITCH, "enabled"),
    known("taskLongArnFormat", SWITCH, "enabled"),
    known("containerInstanceLongArnFormat", SWITCH, "enabled"),
    known("containerInsights", &["enabled", "disabled", "enhanced"], "disabled"),
    known("awsvpcTrunking", SWITCH, "disabled"),
    known("dualStackIPv6", SWITCH, "enabled"),
    known("fargateFIPSMode", SWITCH, "disabled"),
    known("fargateTaskRetirementWaitPeriod", &["0", "7", "14"], "7"),
    known("tagResourceAuthorization", &["on", "off"], "on"),
    known("defaultLogDriverMode", &["blocking", "non-blocking"], "non-blocking"),
    known("fargateEventWindows", SWITCH, "disabled"),
    KnownSetting {
        name: "guardDutyActivate",
        values: &["on", "off"],
        default: "off",
        managed: true,
    },
];

impl KnownSetting {
    /// The setting of a name.
    pub fn find(name: &str) -> Option<&'static Self> {
        KNOWN.iter().find(|known| known.name == name)
    }

    /// Whether it chooses between the old and the long format of ARNs.
    pub fn is_arn_format(&self) -> bool {
        self.name.ends_with("LongArnFormat")
    }

    /// A value of it as Amazon describes it.
    pub fn to_api(&self, value: &str, principal: &str) -> Setting {
        Setting {
            name: Some(SettingName::from(self.name)),
            value: Some(value.to_owned()),
            principal_arn: Some(principal.to_owned()),
            r#type: Some(if self.managed {
                SettingType::AwsManaged
            } else {
                SettingType::User
            }),
        }
    }
}

//! Which events a trail is about: basic selectors, or advanced ones instead.

use api_cloudtrail::{
    AdvancedEventSelector, AdvancedFieldSelector, DataResource, EventSelector, ReadWriteType, errors,
};
use roadstead_kernel::{Fault, Result};
use serde::{Deserialize, Serialize};

/// How many basic selectors a trail can have.
const MAX_BASIC: usize = 5;
/// How many data resources the basic selectors of a trail can name.
const MAX_RESOURCES: usize = 250;
/// How many values the conditions of a trail's advanced selectors can have.
const MAX_VALUES: usize = 500;
/// Services whose management events can be left out.
const EXCLUDABLE: [&str; 2] = ["kms.amazonaws.com", "rdsdata.amazonaws.com"];
/// Types of data resources that basic selectors know, and how all of a type are written.
const TYPES: [(&str, &str); 3] = [
    ("AWS::S3::Object", "arn:aws:s3"),
    ("AWS::Lambda::Function", "arn:aws:lambda"),
    ("AWS::DynamoDB::Table", "arn:aws:dynamodb"),
];
/// Fields that advanced selectors know.
const FIELDS: [&str; 11] = [
    "errorCode",
    "eventCategory",
    "eventName",
    "eventSource",
    "eventType",
    "readOnly",
    "resources.ARN",
    "resources.type",
    "sessionCredentialFromConsole",
    "userIdentity.arn",
    "vpcEndpointId",
];

/// The selectors of a trail as stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Selectors {
    /// Basic ones.
    Basic(Vec<Basic>),
    /// Advanced ones.
    Advanced(Vec<Advanced>),
}

/// A basic selector.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Basic {
    read_write: String,
    management: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    resources: Vec<(String, Vec<String>)>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    excluded: Vec<String>,
}

/// An advanced selector.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Advanced {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    fields: Vec<Field>,
}

/// What an advanced selector asks of one field.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
struct Field {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    equals: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    starts_with: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ends_with: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    not_equals: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    not_starts_with: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    not_ends_with: Option<Vec<String>>,
}

impl Default for Selectors {
    /// AWS: all management events.
    fn default() -> Self {
        Self::Basic(vec![Basic {
            read_write: ReadWriteType::All.as_str().to_owned(),
            management: true,
            resources: Vec::new(),
            excluded: Vec::new(),
        }])
    }
}

impl Selectors {
    /// What was asked for, checked: either basic selectors or advanced ones.
    pub fn new(basic: Option<Vec<EventSelector>>, advanced: Option<Vec<AdvancedEventSelector>>) -> Result<Self> {
        match (basic, advanced) {
            (Some(basic), None) => Self::basic(basic),
            (None, Some(advanced)) if !advanced.is_empty() => Self::advanced(advanced),
            (Some(_), Some(_)) => Err(invalid(
                "Specify event selectors or advanced event selectors, not both.",
            )),
            (None, _) => Err(invalid("Specify at least one event selector.")),
        }
    }

    /// Whether they are those of a trail for which none were put.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// Both lists of Amazon's answers, of which one is there.
    pub fn to_api(&self) -> (Option<Vec<EventSelector>>, Option<Vec<AdvancedEventSelector>>) {
        match self {
            Self::Basic(basic) => (Some(basic.iter().map(Basic::to_api).collect()), None),
            Self::Advanced(advanced) => (None, Some(advanced.iter().map(Advanced::to_api).collect())),
        }
    }

    fn basic(selectors: Vec<EventSelector>) -> Result<Self> {
        if !(1..=MAX_BASIC).contains(&selectors.len()) {
            return Err(invalid(format!(
                "Specify a valid number of selectors (1 to {MAX_BASIC}) for your trail."
            )));
        }
        let basic: Vec<_> = selectors.into_iter().map(Basic::new).collect::<Result<_>>()?;
        let resources = basic.iter().flat_map(|selector| &selector.resources);
        if resources.map(|(_, values)| values.len()).sum::<usize>() > MAX_RESOURCES {
            return Err(invalid(format!(
                "Specify a valid number of DataResources.Values (0 to {MAX_RESOURCES}) for all your selectors."
            )));
        }
        Ok(Self::Basic(basic))
    }

    fn advanced(selectors: Vec<AdvancedEventSelector>) -> Result<Self> {
        let advanced: Vec<_> = selectors.into_iter().map(Advanced::new).collect::<Result<_>>()?;
        let fields = advanced.iter().flat_map(|selector| &selector.fields);
        let values = fields.flat_map(Field::conditions).map(Vec::len).sum::<usize>();
        if values > MAX_VALUES {
            return Err(invalid(format!(
                "The conditions of all advanced event selectors can have at most {MAX_VALUES} values."
            )));
        }
        Ok(Self::Advanced(advanced))
    }
}

impl Basic {
    fn new(selector: EventSelector) -> Result<Self> {
        let read_write = selector.read_write_type.unwrap_or(ReadWriteType::All);
        if let ReadWriteType::Other(other) = &read_write {
            return Err(invalid(format!("Value {other} for ReadWriteType is invalid.")));
        }
        let management = selector.include_management_events.unwrap_or(true);
        let excluded = selector.exclude_management_event_sources.unwrap_or_default();
        if let Some(source) = excluded.iter().find(|source| !EXCLUDABLE.contains(&source.as_str())) {
            return Err(invalid(format!(
                "Value {source} for ExcludeManagementEventSources is invalid."
            )));
        }
        if !excluded.is_empty() && !management {
            return Err(invalid(
                "ExcludeManagementEventSources needs IncludeManagementEvents to be true.",
            ));
        }
        let resources = selector.data_resources.unwrap_or_default();
        let resources: Vec<_> = resources.into_iter().map(resource).collect::<Result<_>>()?;
        if resources.is_empty() && !management {
            return Err(invalid(
                "The selector includes no management events and no data events.",
            ));
        }
        Ok(Self {
            read_write: read_write.as_str().to_owned(),
            management,
            resources,
            excluded,
        })
    }

    fn to_api(&self) -> EventSelector {
        let resources = self.resources.iter().map(|(kind, values)| DataResource {
            r#type: Some(kind.clone()),
            values: Some(values.clone()),
        });
        EventSelector {
            read_write_type: Some(self.read_write.as_str().into()),
            include_management_events: Some(self.management),
            data_resources: Some(resources.collect()),
            exclude_management_event_sources: Some(self.excluded.clone()),
        }
    }
}

impl Advanced {
    fn new(selector: AdvancedEventSelector) -> Result<Self> {
        let fields: Vec<_> = selector
            .field_selectors
            .into_iter()
            .map(Field::new)
            .collect::<Result<_>>()?;
        let mut names: Vec<_> = fields.iter().map(|field| field.name.as_str()).collect();
        names.sort_unstable();
        if let Some(name) = names
            .iter()
            .zip(names.iter().skip(1))
            .find_map(|(a, b)| (a == b).then_some(a))
        {
            return Err(invalid(format!("The field {name} can be selected by only once.")));
        }
        let of = |name: &str| fields.iter().find(|field| field.name == name).and_then(Field::only);
        match of("eventCategory") {
            Some("Management") => {}
            Some("Data") if of("resources.type").is_some() => {}
            Some("Data") => {
                return Err(invalid(
                    "Data events need the field resources.type, equal to one value.",
                ));
            }
            Some("NetworkActivity") if of("eventSource").is_some() => {}
            Some("NetworkActivity") => {
                return Err(invalid(
                    "Network activity events need the field eventSource, equal to one value.",
                ));
            }
            _ => return Err(invalid("The field eventCategory must be equal to one known category.")),
        }
        Ok(Self {
            name: selector.name,
            fields,
        })
    }

    fn to_api(&self) -> AdvancedEventSelector {
        AdvancedEventSelector {
            name: self.name.clone(),
            field_selectors: self.fields.iter().map(Field::to_api).collect(),
        }
    }
}

impl Field {
    fn new(selector: AdvancedFieldSelector) -> Result<Self> {
        let field = Self {
            name: selector.field,
            equals: selector.equals,
            starts_with: selector.starts_with,
            ends_with: selector.ends_with,
            not_equals: selector.not_equals,
            not_starts_with: selector.not_starts_with,
            not_ends_with: selector.not_ends_with,
        };
        let name = &field.name;
        if !FIELDS.contains(&name.as_str()) {
            return Err(invalid(format!("The field {name} is not valid.")));
        }
        if field.conditions().next().is_none() {
            return Err(invalid(format!("The field {name} has no condition.")));
        }
        if name == "readOnly" && !matches!(field.only(), Some("true" | "false")) {
            return Err(invalid("The field readOnly must be equal to true or false."));
        }
        Ok(field)
    }

    /// The conditions that there are.
    fn conditions(&self) -> impl Iterator<Item = &Vec<String>> {
        let all = [
            &self.equals,
            &self.starts_with,
            &self.ends_with,
            &self.not_equals,
            &self.not_starts_with,
            &self.not_ends_with,
        ];
        all.into_iter().flatten()
    }

    /// The one value that the field must be equal to, if that is all that is asked of it.
    fn only(&self) -> Option<&str> {
        match self.equals.as_deref() {
            Some([value]) if self.conditions().count() == 1 => Some(value),
            _ => None,
        }
    }

    fn to_api(&self) -> AdvancedFieldSelector {
        AdvancedFieldSelector {
            field: self.name.clone(),
            equals: self.equals.clone(),
            starts_with: self.starts_with.clone(),
            ends_with: self.ends_with.clone(),
            not_equals: self.not_equals.clone(),
            not_starts_with: self.not_starts_with.clone(),
            not_ends_with: self.not_ends_with.clone(),
        }
    }
}

/// A data resource: its type and the ARNs, or beginnings of them, of what is meant.
fn resource(resource: DataResource) -> Result<(String, Vec<String>)> {
    let kind = resource.r#type.unwrap_or_default();
    let Some((_, all)) = TYPES.iter().find(|(name, _)| *name == kind) else {
        return Err(invalid(format!("Value {kind} for DataResources.Type is invalid.")));
    };
    let values = resource.values.unwrap_or_default();
    if values.is_empty() {
        return Err(invalid(format!("DataResources.Values of {kind} is empty.")));
    }
    if let Some(value) = values.iter().find(|value| !names(value, all)) {
        // AWS: recorded in this form.
        return Err(invalid(format!("Value {value} for DataResources.Values is invalid.")));
    }
    Ok((kind, values))
}

/// Whether a value names all resources of a type or some of them; there are no wildcards.
fn names(value: &str, all: &str) -> bool {
    let Some(rest) = value.strip_prefix(all) else {
        return false;
    };
    if value.contains('*') {
        return false;
    }
    match all {
        // A bucket ends with a slash, behind which a prefix may follow.
        "arn:aws:s3" => {
            let bucket = rest.strip_prefix(":::");
            rest.is_empty()
                || bucket.is_some_and(|bucket| bucket.is_empty() || bucket.find('/').is_some_and(|at| at > 0))
        }
        "arn:aws:lambda" => rest.is_empty() || rest.contains(":function:"),
        _ => rest.is_empty() || rest.contains(":table/"),
    }
}

fn invalid(message: impl Into<String>) -> Fault {
    errors::INVALID_EVENT_SELECTORS_EXCEPTION.with(message.into()).into()
}

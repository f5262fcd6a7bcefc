//! Which parameters a list shows: the filters of DescribeParameters and GetParametersByPath.

use api_ssm::{ParameterStringFilter, ParametersFilter, errors};
use roadstead_kernel::{Fault, Result};

use crate::error::invalid;
use crate::records::Parameter;

/// A filter that was read.
#[derive(Debug, PartialEq, Eq)]
pub struct Filter {
    what: What,
    how: How,
    values: Vec<String>,
}

#[derive(Debug, PartialEq, Eq)]
enum What {
    Name,
    Type,
    KeyId,
    Path,
    Label,
    Tier,
    DataType,
    Tag(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum How {
    Equals,
    BeginsWith,
    Contains,
    Recursive,
    OneLevel,
}

/// Reads the filters of a call; `keys` are those that it takes.
///
/// Errors: `InvalidFilterKey`, `InvalidFilterOption`, `InvalidFilterValue`, `ValidationException`.
pub fn parse(given: &[ParameterStringFilter], keys: &[&str]) -> Result<Vec<Filter>> {
    let mut filters: Vec<Filter> = Vec::new();
    for filter in given {
        let read = read(filter, keys)?;
        if filters.iter().any(|other| other.what == read.what) {
            return Err(invalid(format!(
                "The following filters are duplicated in the request: [{}]. A request can contain only one instance of a \
                 specific filter.",
                filter.key
            )));
        }
        filters.push(read);
    }
    Ok(filters)
}

fn read(filter: &ParameterStringFilter, keys: &[&str]) -> Result<Filter> {
    let key = filter.key.as_str();
    let group = if key.starts_with("tag:") { "tag:" } else { key };
    if !keys.contains(&group) {
        let text = format!(
            "The following filter key is not valid: {key}. Valid filter keys include: [{}].",
            keys.join(", ")
        );
        return Err(errors::INVALID_FILTER_KEY.with(text).into());
    }
    let what = match group {
        "Name" => What::Name,
        "Type" => What::Type,
        "KeyId" => What::KeyId,
        "Path" => What::Path,
        "Label" => What::Label,
        "Tier" => What::Tier,
        "DataType" => What::DataType,
        _ => What::Tag(key.trim_start_matches("tag:").to_owned()),
    };
    let options: &[(&str, How)] = match what {
        What::Name => &[
            ("Equals", How::Equals),
            ("BeginsWith", How::BeginsWith),
            ("Contains", How::Contains),
        ],
        What::Path => &[("OneLevel", How::OneLevel), ("Recursive", How::Recursive)],
        What::Tag(_) | What::Label | What::Tier | What::DataType => &[("Equals", How::Equals)],
        What::Type | What::KeyId => &[("Equals", How::Equals), ("BeginsWith", How::BeginsWith)],
    };
    let how = match filter.option.as_deref() {
        None => options.first().map(|(_, how)| *how),
        Some(asked) => options.iter().find(|(name, _)| *name == asked).map(|(_, how)| *how),
    };
    let how = how.ok_or_else(|| {
        let names: Vec<&str> = options.iter().map(|(name, _)| *name).collect();
        Fault::from(errors::INVALID_FILTER_OPTION.with(format!(
            "The following filter option is not valid: {}. Valid options include: [{}].",
            filter.option.as_deref().unwrap_or_default(),
            names.join(", ")
        )))
    })?;
    let values = filter.values.clone().unwrap_or_default();
    if values.is_empty() && !matches!(what, What::Tag(_)) {
        return Err(errors::INVALID_FILTER_VALUE
            .with("The following filter values are missing : null for filter key ".to_owned() + key)
            .into());
    }
    if what == What::Path {
        for path in &values {
            crate::rules::check_path(path)?;
        }
    }
    Ok(Filter { what, how, values })
}

/// Reads the filters of the older form.
pub fn parse_old(given: &[ParametersFilter]) -> Vec<Filter> {
    let filter = |filter: &ParametersFilter| Filter {
        what: match filter.key.as_str() {
            "Type" => What::Type,
            "KeyId" => What::KeyId,
            _ => What::Name,
        },
        // AWS: names are matched by their beginning, in this form.
        how: if filter.key.as_str() == "Name" {
            How::BeginsWith
        } else {
            How::Equals
        },
        values: filter.values.clone(),
    };
    given.iter().map(filter).collect()
}

/// What the names of all parameters that pass begin with, as far as one filter says so.
pub fn common_prefix(filters: &[Filter]) -> &str {
    let narrow = |filter: &&Filter| {
        filter.values.len() == 1
            && match filter.what {
                What::Name => filter.how != How::Contains,
                What::Path => true,
                _ => false,
            }
    };
    let found = filters.iter().find(narrow);
    found
        .and_then(|filter| filter.values.first())
        .map_or("", String::as_str)
}

/// The label by which versions are chosen, if any.
pub fn label<'a>(filters: &[Filter], parameter: &'a Parameter) -> Option<&'a str> {
    let filter = filters.iter().find(|filter| filter.what == What::Label)?;
    let found = parameter.labels.keys().find(|label| filter.values.contains(label));
    found.map(String::as_str)
}

impl Filter {
    /// Whether a parameter passes.
    pub fn passes(&self, parameter: &Parameter) -> bool {
        match &self.what {
            What::Name => self.any(&parameter.name),
            What::Type => self.any(parameter.kind.to_api().as_str()),
            What::KeyId => parameter.latest.key_id.as_deref().is_some_and(|key| self.any(key)),
            What::Path => self
                .values
                .iter()
                .any(|path| is_below(&parameter.name, path, self.how == How::Recursive)),
            What::Label => parameter.labels.keys().any(|label| self.any(label)),
            What::Tier => self.any(parameter.latest.tier.to_api().as_str()),
            What::DataType => self.any(&parameter.latest.data_type),
            What::Tag(key) => parameter
                .tags
                .get(key)
                .is_some_and(|value| self.values.is_empty() || self.any(value)),
        }
    }

    fn any(&self, text: &str) -> bool {
        self.values.iter().any(|value| match self.how {
            How::BeginsWith => text.starts_with(value.as_str()),
            How::Contains => text.contains(value.as_str()),
            How::Equals | How::Recursive | How::OneLevel => text == value,
        })
    }
}

/// Whether a name is below a path: directly, or at any depth.
pub fn is_below(name: &str, path: &str, recursive: bool) -> bool {
    let path = path.trim_end_matches('/');
    let rest = name.strip_prefix(path).and_then(|rest| rest.strip_prefix('/'));
    rest.is_some_and(|rest| !rest.is_empty() && (recursive || !rest.contains('/')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_holds_what_is_below_it() {
        for (name, path, recursive, below) in [
            ("/a/b", "/a", false, true),
            ("/a/b", "/a/", false, true),
            ("/a/b/c", "/a", false, false),
            ("/a/b/c", "/a", true, true),
            ("/ab", "/a", true, false),
            ("/a", "/a", true, false),
            ("/a", "/", false, true),
            ("a", "/", true, false),
        ] {
            assert_eq!(is_below(name, path, recursive), below, "{name} {path} {recursive}");
        }
    }
}

//! The ARNs of buses and rules, and the names and ARNs that callers give for them.

use roadstead_core::Arn;
use roadstead_core::arn::Place;
use roadstead_kernel::Result;

use crate::error::{bus_not_found, invalid};

/// The bus that every account has in every region.
pub const DEFAULT: &str = "default";

/// A bus.
pub fn bus(place: Place, name: &str) -> String {
    place.arn("events", format_args!("event-bus/{name}"))
}

/// A rule; those of the default bus do not name their bus.
pub fn rule(place: Place, bus: &str, name: &str) -> String {
    if bus == DEFAULT {
        place.arn("events", format_args!("rule/{name}"))
    } else {
        place.arn("events", format_args!("rule/{bus}/{name}"))
    }
}

/// The bus that a call names by name, by ARN or not at all. Errors: not found where it lives in another place.
pub fn bus_name(place: Place, given: Option<&str>) -> Result<String> {
    let Some(given) = given else {
        return Ok(DEFAULT.to_owned());
    };
    let Some(arn) = Arn::parse(given) else {
        return Ok(given.to_owned());
    };
    match arn.typed_resource() {
        Some(("event-bus", name)) if arn.place() == Some(place) => Ok(name.to_owned()),
        Some(("event-bus", name)) => Err(bus_not_found(name)),
        _ => Err(invalid(format!(
            "Parameter {given} is not valid. Reason: Provided Arn is not in correct format."
        ))),
    }
}

/// Something that carries tags.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tagged {
    /// A bus by name.
    Bus(String),
    /// A rule by bus and name.
    Rule {
        /// The bus's name.
        bus: String,
        /// The rule's name.
        name: String,
    },
}

/// What an ARN names that carries tags. Errors: `ValidationException`.
pub fn tagged(place: Place, arn: &str) -> Result<Tagged> {
    let parsed = Arn::parse(arn).filter(|arn| arn.service == "events" && arn.place() == Some(place));
    let named = parsed.and_then(|arn| match arn.typed_resource()? {
        ("event-bus", name) => Some(Tagged::Bus(name.to_owned())),
        ("rule", rest) => {
            // A partner's bus has slashes in its own name; a rule has none.
            let (bus, name) = rest.rsplit_once('/').unwrap_or((DEFAULT, rest));
            Some(Tagged::Rule {
                bus: bus.to_owned(),
                name: name.to_owned(),
            })
        }
        _ => None,
    });
    named.ok_or_else(|| {
        invalid(format!(
            "Parameter {arn} is not valid. Reason: Provided Arn is not in correct format."
        ))
    })
}

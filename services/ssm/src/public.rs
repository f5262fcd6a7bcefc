//! The parameters that AWS publishes: the images that container instances are started from.

use std::fmt::Write as _;

use api_ssm::{Parameter, ParameterType};
use roadstead_core::Timestamp;
use roadstead_core::arn::Place;

use crate::name::arn_of_public;

/// The variants whose recommended image is published.
const VARIANTS: [&str; 4] = [
    "amazon-linux-2",
    "amazon-linux-2023",
    "amazon-linux-2/arm64",
    "amazon-linux-2023/arm64",
];
/// When they were published.
const PUBLISHED: Timestamp = Timestamp::from_secs(1_767_225_600);

/// A published parameter by name.
pub fn get(place: Place, name: &str) -> Option<Parameter> {
    all(place).find(|parameter| parameter.name.as_deref() == Some(name))
}

/// All published parameters.
pub fn all(place: Place) -> impl Iterator<Item = Parameter> {
    VARIANTS.into_iter().map(move |variant| {
        let name = format!("/aws/service/ecs/optimized-ami/{variant}/recommended/image_id");
        Parameter {
            value: Some(image_id(place, variant)),
            r#type: Some(ParameterType::String),
            version: Some(1),
            last_modified_date: Some(PUBLISHED),
            arn: Some(arn_of_public(place.partition(), place.region.as_str(), &name)),
            data_type: Some("aws:ec2:image".to_owned()),
            name: Some(name),
            ..Parameter::default()
        }
    })
}

/// An image's id, different in each region and always the same: nothing is started from it here, it names the variant.
fn image_id(place: Place, variant: &str) -> String {
    let named = place.region.as_str().bytes().chain(variant.bytes());
    let hash = named.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    let mut id = "ami-0".to_owned();
    let _ = write!(id, "{hash:016x}");
    id
}

//! ecs:PutAttributes — <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_PutAttributes.html>

use api_ecs::op::PutAttributes;
use api_ecs::{Attribute, PutAttributesRequest, PutAttributesResponse, errors};
use roadstead_kernel::prelude::*;

use crate::error::invalid;
use crate::records::{AttributeValue, ContainerInstance};
use crate::{Ecs, arn, scope};

/// Most attributes of one call, and most that users may put on an instance.
// AWS: documented.
const MAX: usize = 10;

impl Handle<PutAttributes> for Ecs {
    async fn needs(&self, cx: &Cx, input: &PutAttributesRequest) -> Result<Needs> {
        self.on_targets(cx, input.cluster.as_deref(), &input.attributes).await
    }

    async fn handle(&self, cx: &Cx, input: PutAttributesRequest) -> Reply<PutAttributes> {
        check(&input.attributes)?;
        check_values(&input.attributes)?;
        let put = |record: &mut ContainerInstance, attribute: &Attribute| {
            let value = AttributeValue {
                value: attribute.value.clone().filter(|value| !value.is_empty()),
                put: true,
            };
            record.attributes.insert(attribute.name.clone(), value);
            if record.attributes.values().filter(|attribute| attribute.put).count() > MAX {
                return Err(errors::ATTRIBUTE_LIMIT_EXCEEDED_EXCEPTION
                    .with(format!(
                        "A container instance cannot have more than {MAX} custom attributes."
                    ))
                    .into());
            }
            Ok(())
        };
        let attributes = self
            .change_attributes(cx, input.cluster.as_deref(), input.attributes, put)
            .await?;
        Ok(PutAttributesResponse {
            attributes: Some(attributes),
        })
    }
}

/// Checks the number and the names of attributes.
pub fn check(given: &[Attribute]) -> Result<()> {
    if given.is_empty() {
        return Err(invalid("Attributes cannot be empty."));
    }
    if given.len() > MAX {
        return Err(invalid(format!("Attributes cannot have more than {MAX} elements.")));
    }
    // AWS: documented.
    let is_name = |name: &str| {
        (1..=128).contains(&name.len())
            && name
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"-_./\\".contains(&b))
    };
    match given.iter().find(|attribute| !is_name(&attribute.name)) {
        Some(attribute) => Err(invalid(format!("Invalid attribute name {}.", attribute.name))),
        None => Ok(()),
    }
}

/// Checks the values of attributes.
// AWS: the rules are documented, not the text.
fn check_values(given: &[Attribute]) -> Result<()> {
    let is_value = |value: &str| {
        value.len() <= 128
            && !value.starts_with(' ')
            && !value.ends_with(' ')
            && value
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"-_.@/\\: ".contains(&b))
    };
    let wrong = given
        .iter()
        .find(|attribute| !is_value(attribute.value.as_deref().unwrap_or_default()));
    match wrong {
        Some(attribute) => Err(invalid(format!("Invalid value of the attribute {}.", attribute.name))),
        None => Ok(()),
    }
}

impl Ecs {
    /// The operation's own action on the instances that attributes name.
    pub(crate) async fn on_targets(&self, cx: &Cx, cluster: Option<&str>, given: &[Attribute]) -> Result<Needs> {
        let targets: Vec<&str> = given
            .iter()
            .filter_map(|attribute| attribute.target_id.as_deref())
            .collect();
        self.on_instances(cx, cluster, &targets).await
    }

    /// Changes attributes of instances, all of one instance at once; the attributes with the ARNs of their targets.
    ///
    /// Errors: `TargetNotFoundException` for an instance that is not there.
    pub(crate) async fn change_attributes(
        &self,
        cx: &Cx,
        cluster: Option<&str>,
        given: Vec<Attribute>,
        change: impl Fn(&mut ContainerInstance, &Attribute) -> Result<()>,
    ) -> Result<Vec<Attribute>> {
        let cluster = self.active_cluster(cx, cluster).await?.record.name;
        let mut targets: Vec<(String, Vec<Attribute>)> = Vec::new();
        for mut attribute in given {
            let target = attribute.target_id.clone().unwrap_or_default();
            let found = self.instance(cx, &cluster, &target).await?;
            let Some(found) = found.filter(|found| found.record.is_registered()) else {
                let (_, id) = arn::container_instance_id(cx.place(), &target)?;
                return Err(errors::TARGET_NOT_FOUND_EXCEPTION
                    .with(format!("Could not find {id}"))
                    .into());
            };
            attribute.target_id = Some(found.record.arn(cx.place()));
            attribute.target_type = Some(api_ecs::TargetType::ContainerInstance);
            match targets.iter_mut().find(|(id, _)| *id == found.record.id) {
                Some((_, attributes)) => attributes.push(attribute),
                None => targets.push((found.record.id, vec![attribute])),
            }
        }
        let mut changed = Vec::new();
        for (id, attributes) in targets {
            let apply = |record: &mut ContainerInstance| {
                for attribute in &attributes {
                    change(record, attribute)?;
                }
                record.changed();
                Ok::<_, Fault>(())
            };
            let id = [cluster.as_str(), id.as_str()];
            if let Some(found) = self.instances.update(scope(cx).of(), &id, apply).await? {
                self.fleet.put(cx.place(), &found.record).await?;
            }
            changed.extend(attributes);
        }
        self.look_at_services(cx.place(), &cluster).await?;
        Ok(changed)
    }
}

//! ecs:RegisterContainerInstance — <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RegisterContainerInstance.html>

use std::collections::BTreeMap;

use api_ecs::op::RegisterContainerInstance;
use api_ecs::{Attribute, RegisterContainerInstanceRequest, RegisterContainerInstanceResponse};
use roadstead_kernel::Who;
use roadstead_kernel::prelude::*;
use roadstead_store::{StoreError, Txn};
use serde::Deserialize;

use crate::error::{client, invalid};
use crate::instance::no_instance;
use crate::placement::ZONE;
use crate::records::{
    AttributeValue, ContainerInstance, InstanceStatus, Resources, ShowInstance, checked_tags, tags_from_api,
};
use crate::{Ecs, scope};

impl Handle<RegisterContainerInstance> for Ecs {
    async fn needs(&self, cx: &Cx, input: &RegisterContainerInstanceRequest) -> Result<Needs> {
        let needs = self.on_cluster(cx, input.cluster.as_deref()).await?;
        Ok(needs.request_tags(&tags_from_api(input.tags.as_deref())))
    }

    async fn handle(&self, cx: &Cx, input: RegisterContainerInstanceRequest) -> Reply<RegisterContainerInstance> {
        let given = Given::read(cx, &input)?;
        loop {
            // Without an answer another call changed the cluster or the instance first: look again.
            if let Some(record) = self.try_to_register(cx, &input, &given).await? {
                self.fleet.put(cx.place(), &record).await?;
                self.look_at_services(cx.place(), &record.cluster).await?;
                let now = self.fleet.now(cx.place(), &record).await?;
                let show = ShowInstance {
                    tags: true,
                    health: false,
                };
                return Ok(RegisterContainerInstanceResponse {
                    container_instance: Some(record.to_api(cx.place(), &now, show)),
                });
            }
        }
    }
}

impl Ecs {
    async fn try_to_register(
        &self,
        cx: &Cx,
        input: &RegisterContainerInstanceRequest,
        given: &Given,
    ) -> Result<Option<ContainerInstance>> {
        let cluster = self.active_cluster(cx, input.cluster.as_deref()).await?;
        let name = cluster.record.name.clone();
        let scope = scope(cx);
        let mut txn = Txn::new();
        self.clusters
            .require_at(&mut txn, scope.of(), &[&name], cluster.revision);
        let again = input.container_instance_arn.as_deref().filter(|arn| !arn.is_empty());
        let record = if let Some(arn) = again {
            let found = self.instance(cx, &name, arn).await?.ok_or_else(no_instance)?;
            let mut record = found.record;
            if !record.is_registered() {
                return Err(client("The container instance is not active."));
            }
            given.renew(&mut record);
            record.changed();
            self.instances
                .stage_replace(&mut txn, scope.of(), &[&name, &record.id], found.revision, &record)?;
            record
        } else {
            let tags = checked_tags(input.tags.as_deref())?;
            let mut record = ContainerInstance {
                id: cx.ids().hex(32),
                cluster: name.clone(),
                status: InstanceStatus::Active,
                version: 1,
                ec2: None,
                agent_version: None,
                agent_hash: None,
                docker_version: None,
                resources: Resources::default(),
                attributes: BTreeMap::new(),
                registered_at: cx.now(),
                ended_at: None,
                role: None,
                tags,
            };
            given.renew(&mut record);
            self.instances
                .stage_new(&mut txn, scope.of(), &[&name, &record.id], &record)?;
            record
        };
        match self.store.commit(txn).await {
            Ok(_) => Ok(Some(record)),
            Err(StoreError::Conflict { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

/// The ARN of the role that the caller acts as.
fn role_of(cx: &Cx) -> Option<String> {
    let identity = cx.caller().identity()?;
    matches!(identity.who, Who::Role(_)).then(|| identity.arn.clone())
}

/// What an agent says of its instance.
struct Given {
    resources: Resources,
    identity: Identity,
    attributes: BTreeMap<String, AttributeValue>,
    versions: [Option<String>; 3],
    role: Option<String>,
}

/// The parts of an instance identity document that ECS uses. Its signature is EC2's, which nobody here can check.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Identity {
    instance_id: Option<String>,
    availability_zone: Option<String>,
    instance_type: Option<String>,
    image_id: Option<String>,
    architecture: Option<String>,
}

impl Given {
    fn read(cx: &Cx, input: &RegisterContainerInstanceRequest) -> Result<Self> {
        let document = input.instance_identity_document.as_deref().unwrap_or_default();
        let identity: Identity = if document.is_empty() {
            Identity::default()
        } else {
            serde_json::from_str(document).map_err(|_| invalid("Invalid instance identity document."))?
        };
        let resources = Resources::from_api(input.total_resources.as_deref().unwrap_or_default())
            .ok_or_else(|| invalid("Invalid resources: ports must be numbers from 0 to 65535."))?;
        let value = |attribute: &Attribute| AttributeValue {
            value: attribute.value.clone().filter(|value| !value.is_empty()),
            put: false,
        };
        let mut attributes: BTreeMap<String, AttributeValue> = input
            .attributes
            .iter()
            .flatten()
            .map(|attribute| (attribute.name.clone(), value(attribute)))
            .collect();
        // AWS: the agent takes its zone from this attribute of the answer.
        let of_document = [
            (ZONE, &identity.availability_zone),
            ("ecs.instance-type", &identity.instance_type),
            ("ecs.ami-id", &identity.image_id),
            ("ecs.cpu-architecture", &identity.architecture),
        ];
        for (name, found) in of_document {
            if let Some(found) = found {
                let value = AttributeValue {
                    value: Some(found.clone()),
                    put: false,
                };
                attributes.entry(name.to_owned()).or_insert(value);
            }
        }
        let versions = input.version_info.clone().unwrap_or_default();
        Ok(Self {
            resources,
            identity,
            attributes,
            versions: [versions.agent_version, versions.agent_hash, versions.docker_version],
            role: role_of(cx),
        })
    }

    /// Takes over what an agent says now; attributes that a user put stay.
    fn renew(&self, record: &mut ContainerInstance) {
        record.attributes.retain(|_, attribute| attribute.put);
        for (name, attribute) in &self.attributes {
            record.attributes.insert(name.clone(), attribute.clone());
        }
        record.resources = self.resources.clone();
        record.role = self.role.clone().or_else(|| record.role.take());
        record.ec2 = self.identity.instance_id.clone().or_else(|| record.ec2.take());
        let [agent, hash, docker] = self.versions.clone();
        record.agent_version = agent.or_else(|| record.agent_version.take());
        record.agent_hash = hash.or_else(|| record.agent_hash.take());
        record.docker_version = docker.or_else(|| record.docker_version.take());
    }
}

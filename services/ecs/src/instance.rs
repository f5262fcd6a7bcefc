//! What the operations on container instances share.

use roadstead_core::Timestamp;
use roadstead_core::arn::Place;
use roadstead_kernel::{Cx, Fault, Needs, Result};
use roadstead_store::Versioned;

use crate::control::ServiceKey;
use crate::error::invalid;
use crate::records::ContainerInstance;
use crate::{Ecs, arn, scope, scope_of};

impl Ecs {
    /// A container instance of a cluster by id or ARN; `InvalidParameterException` for an ARN of another cluster.
    pub(crate) async fn instance(
        &self,
        cx: &Cx,
        cluster: &str,
        given: &str,
    ) -> Result<Option<Versioned<ContainerInstance>>> {
        let (named, id) = arn::container_instance_id(cx.place(), given)?;
        arn::same_cluster(named, cluster)?;
        Ok(self.instances.get(scope(cx).of(), &[cluster, id]).await?)
    }

    /// The operation's own action on container instances, each with its cluster and its tags.
    pub(crate) async fn on_instances(&self, cx: &Cx, cluster: Option<&str>, given: &[&str]) -> Result<Needs> {
        let cluster = arn::cluster_name(cx.place(), cluster)?;
        let mut needs = Needs::nothing();
        for one in given {
            let (named, id) = arn::container_instance_id(cx.place(), one)?;
            let found = self.instance(cx, &cluster, one).await?;
            let tags = found.map(|found| found.record.tags).unwrap_or_default();
            let arn = arn::container_instance(cx.place(), named.unwrap_or(&cluster), id);
            needs = needs.and(
                Needs::on(arn)
                    .key("ecs:cluster", arn::cluster(cx.place(), &cluster))
                    .resource_tags("ecs", &tags),
            );
        }
        if given.is_empty() {
            let any = arn::container_instance(cx.place(), &cluster, "*");
            return Ok(Needs::on(any).key("ecs:cluster", arn::cluster(cx.place(), &cluster)));
        }
        Ok(needs)
    }

    /// Asks for a look at every service of a cluster: its instances changed.
    pub(crate) async fn look_at_services(&self, place: Place, cluster: &str) -> Result<()> {
        let Some(control) = self.service_control.get() else {
            return Ok(());
        };
        let all = self
            .services
            .services
            .list(scope_of(place).of(), &[cluster], None, usize::MAX)
            .await?;
        for found in all.records {
            control.enqueue(ServiceKey {
                place,
                cluster: cluster.to_owned(),
                service: found.record.name,
            });
        }
        Ok(())
    }

    /// Notes since when the agent of a container instance is connected, or that it no longer is; whether there is such an
    /// instance.
    ///
    /// Not an operation of the API: whoever runs tasks on the instance says so. Tasks are placed on connected instances only.
    pub async fn connect_instance(&self, place: Place, arn: &str, since: Option<Timestamp>) -> Result<bool> {
        let Ok((Some(cluster), id)) = arn::container_instance_id(place, arn) else {
            return Ok(false);
        };
        let Some(found) = self.instances.get(scope_of(place).of(), &[cluster, id]).await? else {
            return Ok(false);
        };
        if !found.record.is_registered() {
            return Ok(false);
        }
        if self.fleet.connected_since(place, cluster, id).is_some() == since.is_some() {
            return Ok(true);
        }
        // The event of the new version shows it.
        self.fleet.set_connected(place, cluster, id, since).await?;
        let note = |record: &mut ContainerInstance| {
            record.changed();
            Ok::<_, Fault>(())
        };
        let changed = self
            .instances
            .update(scope_of(place).of(), &[cluster, id], note)
            .await?;
        if let Some(changed) = changed {
            self.fleet.put(place, &changed.record).await?;
        }
        self.look_at_services(place, cluster).await?;
        Ok(true)
    }
}

/// The container instance that was named does not exist.
pub fn no_instance() -> Fault {
    invalid("The specified container instance was not found.")
}

//! ecs:UpdateContainerAgent — <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_UpdateContainerAgent.html>

use api_ecs::op::UpdateContainerAgent;
use api_ecs::{UpdateContainerAgentRequest, errors};
use roadstead_kernel::prelude::*;

use crate::Ecs;
use crate::error::client;
use crate::instance::no_instance;

impl Handle<UpdateContainerAgent> for Ecs {
    async fn needs(&self, cx: &Cx, input: &UpdateContainerAgentRequest) -> Result<Needs> {
        self.on_instances(cx, input.cluster.as_deref(), &[&input.container_instance])
            .await
    }

    async fn handle(&self, cx: &Cx, input: UpdateContainerAgentRequest) -> Reply<UpdateContainerAgent> {
        let cluster = self.active_cluster(cx, input.cluster.as_deref()).await?.record.name;
        let found = self.instance(cx, &cluster, &input.container_instance).await?;
        let instance = found
            .filter(|found| found.record.is_registered())
            .ok_or_else(no_instance)?
            .record;
        if instance.agent_version.is_none() {
            // AWS: the code is documented, not the text.
            return Err(errors::MISSING_VERSION_EXCEPTION
                .with("The container instance does not tell which version of the agent it runs.")
                .into());
        }
        if self.fleet.connected_since(cx.place(), &cluster, &instance.id).is_none() {
            return Err(client("The agent of the container instance is not connected."));
        }
        // There is one agent here, the one that comes with this program; AWS: the code is documented, not the text.
        Err(errors::NO_UPDATE_AVAILABLE_EXCEPTION
            .with("There is no update available for your container agent.")
            .into())
    }
}

//! ecs:CreateCapacityProvider — <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateCapacityProvider.html>

use api_ecs::op::CreateCapacityProvider;
use api_ecs::{CreateCapacityProviderRequest, CreateCapacityProviderResponse, ManagedTerminationProtection};
use roadstead_kernel::prelude::*;
use roadstead_store::StoreError;

use crate::behalf::OnBehalf;
use crate::error::{client, invalid, unsupported};
use crate::records::{CapacityProvider, Document, checked_tags, tags_from_api};
use crate::{Ecs, arn, capacity, scope};

impl Handle<CreateCapacityProvider> for Ecs {
    async fn needs(&self, cx: &Cx, input: &CreateCapacityProviderRequest) -> Result<Needs> {
        let made = arn::capacity_provider(cx.place(), &input.name);
        let tags = tags_from_api(input.tags.as_deref());
        let needs = Needs::on(made.clone()).request_tags(&tags);
        self.tagging(cx, needs, "CreateCapacityProvider", made, &tags).await
    }

    async fn handle(&self, cx: &Cx, input: CreateCapacityProviderRequest) -> Reply<CreateCapacityProvider> {
        if input.managed_instances_provider.is_some() {
            return Err(unsupported("Capacity providers of managed instances are"));
        }
        let Some(given) = &input.auto_scaling_group_provider else {
            return Err(invalid("A capacity provider must name an Auto Scaling group."));
        };
        if input.cluster.is_some() {
            return Err(invalid(
                "A cluster can only be specified for capacity providers of managed instances.",
            ));
        }
        capacity::check_name(&input.name)?;
        let tags = checked_tags(input.tags.as_deref())?;
        let group = capacity::group(given)?;
        if self.provider(cx, &input.name).await?.is_some() {
            return Err(exists());
        }
        let role = OnBehalf::for_scheduling(cx.kernel(), cx.place()).await?;
        let Some(found) = role.auto_scaling_group(&group.auto_scaling_group_arn).await? else {
            return Err(client(
                "The specified Auto Scaling group was not found. Specify a valid Auto Scaling group ARN and try again.",
            ));
        };
        let protects = group.managed_termination_protection == Some(ManagedTerminationProtection::Enabled);
        if protects && found.new_instances_protected_from_scale_in != Some(true) {
            // AWS: reported.
            return Err(client(
                "The managed termination protection setting for the capacity provider is invalid. To enable managed termination protection for a capacity provider, the Auto Scaling group must have instance protection from scale in enabled.",
            ));
        }
        let provider = CapacityProvider {
            name: input.name,
            group: Document(group),
            created_at: cx.now(),
            updated: false,
            tags,
        };
        match self
            .providers
            .put_new(scope(cx).of(), &[&provider.name], &provider)
            .await
        {
            Ok(_) => {}
            Err(StoreError::Conflict { .. }) => return Err(exists()),
            Err(error) => return Err(error.into()),
        }
        Ok(CreateCapacityProviderResponse {
            capacity_provider: Some(provider.to_api(cx.place(), true, None)),
        })
    }
}

// AWS: reported.
fn exists() -> Fault {
    client(
        "The specified capacity provider already exists. To change the configuration of an existing capacity provider, update the capacity provider.",
    )
}

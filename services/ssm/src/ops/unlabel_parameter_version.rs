//! ssm:UnlabelParameterVersion — <https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_UnlabelParameterVersion.html>

use api_ssm::op::UnlabelParameterVersion;
use api_ssm::{UnlabelParameterVersionRequest, UnlabelParameterVersionResult};
use roadstead_kernel::prelude::*;

use crate::Ssm;
use crate::name::{Named, Selector};

impl Handle<UnlabelParameterVersion> for Ssm {
    async fn needs(&self, cx: &Cx, input: &UnlabelParameterVersionRequest) -> Result<Needs> {
        self.needs_on(cx, &Named::parse(&input.name)).await
    }

    async fn handle(&self, cx: &Cx, input: UnlabelParameterVersionRequest) -> Reply<UnlabelParameterVersion> {
        let named = Named::parse(&input.name);
        let parameter = self.parameter(cx, &named).await?;
        let selector = Selector::Version(u64::try_from(input.parameter_version).unwrap_or_default());
        let number = self.selected(cx, &parameter, Some(&selector)).await?.number;
        let (mut removed, mut invalid) = (Vec::new(), Vec::new());
        self.change(cx, &named, |parameter| {
            (removed, invalid) = input
                .labels
                .iter()
                .cloned()
                .partition(|label| parameter.labels.get(label) == Some(&number));
            for label in &removed {
                parameter.labels.remove(label);
            }
            Ok(())
        })
        .await?;
        Ok(UnlabelParameterVersionResult {
            removed_labels: Some(removed),
            invalid_labels: Some(invalid),
        })
    }
}

//! ssm:LabelParameterVersion — <https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_LabelParameterVersion.html>

use api_ssm::op::LabelParameterVersion;
use api_ssm::{LabelParameterVersionRequest, LabelParameterVersionResult, errors};
use roadstead_kernel::prelude::*;

use crate::name::{Named, Selector};
use crate::rules::{MAX_LABELS, is_label};
use crate::{Ssm, lost, scope};

impl Handle<LabelParameterVersion> for Ssm {
    async fn needs(&self, cx: &Cx, input: &LabelParameterVersionRequest) -> Result<Needs> {
        self.needs_on(cx, &Named::parse(&input.name)).await
    }

    async fn handle(&self, cx: &Cx, input: LabelParameterVersionRequest) -> Reply<LabelParameterVersion> {
        let parameter = self.parameter(cx, &Named::parse(&input.name)).await?;
        let number = match input.parameter_version {
            None => parameter.latest.number,
            Some(given) => {
                let selector = Selector::Version(u64::try_from(given).unwrap_or_default());
                self.selected(cx, &parameter, Some(&selector)).await?.number
            }
        };
        let (good, bad): (Vec<String>, Vec<String>) = input.labels.into_iter().partition(|label| is_label(label));
        let attach = |parameter: &mut crate::records::Parameter| {
            for label in &good {
                parameter.labels.insert(label.clone(), number);
            }
            if parameter.labels_of(number).len() > MAX_LABELS {
                let text = format!(
                    "A parameter version can have maximum {MAX_LABELS} labels.Move one or more labels to another version \
                     and try again."
                );
                return Err(errors::PARAMETER_VERSION_LABEL_LIMIT_EXCEEDED.with(text).into());
            }
            Ok::<_, Fault>(())
        };
        let place = cx.place();
        let updated = self.parameters.update(scope(&place), &[&parameter.name], attach).await;
        updated.map_err(lost)?.ok_or_else(crate::error::not_found)?;
        Ok(LabelParameterVersionResult {
            invalid_labels: Some(bad),
            parameter_version: i64::try_from(number).ok(),
        })
    }
}

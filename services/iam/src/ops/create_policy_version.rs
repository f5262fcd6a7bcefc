//! iam:CreatePolicyVersion — <https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreatePolicyVersion.html>

use api_iam::op::CreatePolicyVersion;
use api_iam::{CreatePolicyVersionRequest, CreatePolicyVersionResponse};
use roadstead_policy::limits;

use crate::prelude::*;
use crate::records::Version;
use crate::{policies, problems};

impl Handle<CreatePolicyVersion> for Iam {
    async fn needs(&self, cx: &Cx, input: &CreatePolicyVersionRequest) -> Result<Needs> {
        self.needs_on_policy(cx, &input.policy_arn).await
    }

    async fn handle(&self, cx: &Cx, input: CreatePolicyVersionRequest) -> Reply<CreatePolicyVersion> {
        policies::check(&input.policy_document)?;
        let created = cx.now().cut_to_secs();
        let policy = self
            .change_policy(cx, "iam:CreatePolicyVersion", &input.policy_arn, |policy| {
                if policy.versions.len() >= limits::POLICY_VERSIONS {
                    return Err(problems::limit(
                        "A managed policy can have up to 5 versions. Before you create a new version, you must delete an existing version.",
                    ));
                }
                let number = policy.next;
                policy.versions.push(Version { number, document: input.policy_document.clone(), created });
                policy.next += 1;
                policy.updated = created;
                if input.set_as_default == Some(true) {
                    policy.default = number;
                }
                Ok(())
            })
            .await?;
        let version = policy.versions.last().map(|version| version.to_api(policy.default));
        Ok(CreatePolicyVersionResponse {
            policy_version: version,
        })
    }
}

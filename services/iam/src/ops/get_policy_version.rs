//! iam:GetPolicyVersion — <https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetPolicyVersion.html>

use api_iam::PolicyVersion;
use api_iam::op::GetPolicyVersion;
use api_iam::{GetPolicyVersionRequest, GetPolicyVersionResponse};

use crate::attachments::Target;
use crate::prelude::*;
use crate::{documents, policies};

impl Handle<GetPolicyVersion> for Iam {
    async fn needs(&self, cx: &Cx, input: &GetPolicyVersionRequest) -> Result<Needs> {
        self.needs_on_policy(cx, &input.policy_arn).await
    }

    async fn handle(&self, cx: &Cx, input: GetPolicyVersionRequest) -> Reply<GetPolicyVersion> {
        let version = match self.policy_of(cx, &input.policy_arn).await? {
            Target::Aws(policy) if policy.version == input.version_id => Some(PolicyVersion {
                document: Some(documents::encoded(&policy.document()?)),
                ..policies::aws_version_to_api(policy)
            }),
            Target::Aws(_) => None,
            Target::Own(policy) => policy
                .version(&input.version_id)
                .map(|version| version.to_full_api(policy.default)),
        };
        match version {
            Some(version) => Ok(GetPolicyVersionResponse {
                policy_version: Some(version),
            }),
            None => Err(policies::no_version(&input.policy_arn, &input.version_id)),
        }
    }
}

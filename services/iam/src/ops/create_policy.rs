//! iam:CreatePolicy — <https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreatePolicy.html>

use api_iam::op::CreatePolicy;
use api_iam::{CreatePolicyRequest, CreatePolicyResponse};
use roadstead_store::Txn;

use crate::policies::{self, Uses};
use crate::prelude::*;
use crate::records::{Policy, Version};
use crate::tagging;

impl Handle<CreatePolicy> for Iam {
    async fn needs(&self, cx: &Cx, input: &CreatePolicyRequest) -> Result<Needs> {
        Ok(
            Needs::on(self.policy_arn(cx, input.path.as_deref(), &input.policy_name))
                .request_tags(&tagging::requested(input.tags.as_deref())),
        )
    }

    async fn handle(&self, cx: &Cx, input: CreatePolicyRequest) -> Reply<CreatePolicy> {
        let tags = tagging::from_api(input.tags.as_deref())?;
        policies::check(&input.policy_document)?;
        let common = self.new_common::<Policy>(cx, input.path.as_deref(), &input.policy_name, tags);
        let policy = Policy {
            description: input.description,
            updated: common.created,
            versions: vec![Version {
                number: 1,
                document: input.policy_document,
                created: common.created,
            }],
            default: 1,
            next: 2,
            common,
        };
        self.retry(|| async {
            self.free::<Policy>(cx, &policy.common.name).await?;
            let mut txn = Txn::new();
            self.stage_create(&mut txn, cx.account(), &policy)?;
            self.commit(cx.account(), txn).await
        })
        .await?;
        // AWS: the description is not in this answer.
        let answer = api_iam::Policy {
            description: None,
            ..policies::own_to_api(&policy, Uses::default())
        };
        Ok(CreatePolicyResponse { policy: Some(answer) })
    }
}

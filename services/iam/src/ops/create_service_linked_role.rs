//! iam:CreateServiceLinkedRole — <https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateServiceLinkedRole.html>

use api_iam::op::CreateServiceLinkedRole;
use api_iam::{CreateServiceLinkedRoleRequest, CreateServiceLinkedRoleResponse};

use crate::catalogue::{self, Linked};
use crate::prelude::*;

impl Handle<CreateServiceLinkedRole> for Iam {
    async fn needs(&self, cx: &Cx, input: &CreateServiceLinkedRoleRequest) -> Result<Needs> {
        let principal = &input.aws_service_name;
        let suffix = input.custom_suffix.as_deref();
        // A service that nobody knows has no role to be named; its path is the narrowest thing that can be allowed.
        let name = Linked::of(principal).map_or_else(|| "*".to_owned(), |linked| linked.role_name(suffix));
        let arn = catalogue::role_arn(cx.partition(), cx.account(), principal, &name);
        Ok(Needs::on(arn).key("iam:AWSServiceName", principal))
    }

    async fn handle(&self, cx: &Cx, input: CreateServiceLinkedRoleRequest) -> Reply<CreateServiceLinkedRole> {
        let principal = &input.aws_service_name;
        let role = self
            .create_linked(cx, principal, input.custom_suffix.as_deref(), input.description)
            .await?;
        // AWS: this answer alone has the document in the service's own words, and no description.
        Ok(CreateServiceLinkedRoleResponse {
            role: Some(role.to_brief_api(&catalogue::trust_as_created(principal))),
        })
    }
}

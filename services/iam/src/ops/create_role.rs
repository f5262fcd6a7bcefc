//! iam:CreateRole — <https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html>

use api_iam::op::CreateRole;
use api_iam::{CreateRoleRequest, CreateRoleResponse};
use roadstead_store::Txn;

use crate::prelude::*;
use crate::records::{Kind, Role, boundary_to_api};
use crate::{catalogue, documents, entities, problems, tagging};

impl Handle<CreateRole> for Iam {
    async fn needs(&self, cx: &Cx, input: &CreateRoleRequest) -> Result<Needs> {
        let arn = entities::arn::<Role>(cx, input.path.as_deref().unwrap_or("/"), &input.role_name);
        Ok(Needs::on(arn)
            .request_tags(&tagging::requested(input.tags.as_deref()))
            .key_if("iam:PermissionsBoundary", input.permissions_boundary.as_deref()))
    }

    async fn handle(&self, cx: &Cx, input: CreateRoleRequest) -> Reply<CreateRole> {
        refuse_reserved_path(input.path.as_deref())?;
        let tags = tagging::from_api(input.tags.as_deref())?;
        let trust = documents::check_trust(&input.assume_role_policy_document)?;
        let role = Role {
            common: self.new_common::<Role>(cx, input.path.as_deref(), &input.role_name, tags),
            trusted: self.trusted(cx, &trust).await?,
            trust: trust.canonical(),
            description: input.description.unwrap_or_default(),
            max_session_secs: input
                .max_session_duration
                .and_then(|secs| u32::try_from(secs).ok())
                .unwrap_or(3600),
            boundary: input.permissions_boundary,
            inline: std::collections::BTreeMap::new(),
            attached: Vec::new(),
            linked: None,
        };
        self.retry(|| async {
            self.free::<Role>(cx, &role.common.name).await?;
            let mut txn = Txn::new();
            if let Some(arn) = &role.boundary {
                self.require_boundary(cx, &mut txn, arn).await?;
                self.stage_boundary(&mut txn, cx.account(), Kind::Role, &role.common.id, arn)?;
            }
            self.stage_create(&mut txn, cx.account(), &role)?;
            self.commit(cx.account(), txn).await
        })
        .await?;
        // AWS: neither the description nor the session's length is in this answer, and the document is the caller's text.
        let answer = api_iam::Role {
            permissions_boundary: role.boundary.as_deref().map(boundary_to_api),
            tags: tagging::to_api_if_any(&role.common.tags),
            ..role.to_brief_api(&input.assume_role_policy_document)
        };
        Ok(CreateRoleResponse { role: answer })
    }
}

/// Refuses the path that belongs to service-linked roles.
fn refuse_reserved_path(path: Option<&str>) -> Result<()> {
    match path {
        Some(path) if path.starts_with(catalogue::PATH) => Err(problems::invalid_input(
            "Path prefix '/aws-service-role/' can only be used for AWS Service linked Roles",
        )),
        _ => Ok(()),
    }
}

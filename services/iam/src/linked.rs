//! The life of a service-linked role: made by anybody who may, deleted only when nothing uses it.

use std::collections::BTreeMap;

use roadstead_kernel::linked::Fence;
use roadstead_kernel::{Cx, Result};
use roadstead_store::{Txn, Versioned};

use crate::catalogue::{self, Linked};
use crate::entities::scope;
use crate::records::{DeletionTask, Entity as _, Kind, Outcome, Role};
use crate::{Iam, problems};

/// The longest name of a role.
const MAX_NAME: usize = 64;
/// Sessions of a linked role last an hour at most, and nobody can change it.
const SESSION_SECS: u32 = 3600;

/// A deletion task's id, taken apart: `task/aws-service-role/<principal>/<role name>/<uuid>`.
pub struct TaskId<'a> {
    /// The service principal.
    pub principal: &'a str,
    /// The role's name.
    pub role_name: &'a str,
}

impl<'a> TaskId<'a> {
    /// Takes an id apart; `None` for what is none.
    pub fn parse(id: &'a str) -> Option<Self> {
        let mut parts = id.strip_prefix("task")?.strip_prefix(catalogue::PATH)?.split('/');
        let (principal, role_name, uuid) = (parts.next()?, parts.next()?, parts.next()?);
        let well_formed = uuid.len() == 36
            && uuid.bytes().enumerate().all(|(at, byte)| match at {
                8 | 13 | 18 | 23 => byte == b'-',
                _ => byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte),
            });
        let whole = parts.next().is_none() && !principal.is_empty() && !role_name.is_empty();
        (whole && well_formed).then_some(Self { principal, role_name })
    }
}

impl Iam {
    /// Makes the linked role of a service.
    pub async fn create_linked(
        &self,
        cx: &Cx,
        principal: &str,
        suffix: Option<&str>,
        description: Option<String>,
    ) -> Result<Role> {
        let linked = Linked::of(principal).ok_or_else(|| {
            problems::invalid_input(format!("The service principal {principal} has no service-linked role."))
        })?;
        if suffix.is_some() && !linked.suffix_allowed {
            return Err(problems::invalid_input(format!(
                "Custom suffix is not allowed for {principal}"
            )));
        }
        let name = linked.role_name(suffix);
        if name.len() > MAX_NAME {
            return Err(problems::invalid_input(format!(
                "The role name {name} is longer than {MAX_NAME} characters; choose a shorter suffix."
            )));
        }
        let role = Role {
            common: self.new_common::<Role>(cx, Some(&Linked::path(principal)), &name, roadstead_core::Tags::new()),
            trust: catalogue::trust(principal),
            trusted: BTreeMap::new(),
            description: description.unwrap_or_default(),
            max_session_secs: SESSION_SECS,
            boundary: None,
            inline: BTreeMap::new(),
            attached: linked.policy_arns(cx.partition()),
            linked: Some(principal.to_owned()),
        };
        self.retry(|| async {
            if self.find::<Role>(cx.account(), &name).await?.is_some() {
                return Err(problems::invalid_input(format!(
                    "Service role name {name} has been taken in this account, please try a different suffix."
                )));
            }
            let mut txn = Txn::new();
            self.stage_create(&mut txn, cx.account(), &role)?;
            for arn in &role.attached {
                self.stage_attachment(&mut txn, cx.account(), Kind::Role, &role.common.id, arn)?;
            }
            self.commit(cx.account(), txn).await
        })
        .await?;
        Ok(role)
    }

    /// Deletes a linked role unless something uses it, and records what became of it; answers the task's id.
    ///
    /// The decision, the task and the end of the role are one transaction. It is guarded by the service's fence, so a
    /// role that comes into use meanwhile is looked at again.
    pub async fn delete_linked(&self, cx: &Cx, name: &str) -> Result<String> {
        self.retry(|| async {
            let found = self.get::<Role>(cx, name).await?;
            let role = &found.record;
            let Some(principal) = role.linked.as_deref() else {
                let name = &role.common.name;
                return Err(problems::not_found(format!("{name} exists but is not a service role.")));
            };
            let id = format!(
                "task{}{principal}/{}/{}",
                catalogue::PATH,
                role.common.name,
                cx.ids().uuid()
            );
            let fence = Fence::new(cx.account(), principal);
            let mark = fence.before_deletion(self.store()).await?;
            let mut usage = Vec::new();
            for service in self.linked.iter().filter(|service| service.service() == principal) {
                usage.extend(service.usage(cx.account()).await?);
            }
            let mut txn = Txn::new();
            let outcome = if usage.is_empty() {
                fence.stage_deletion(&mut txn, mark);
                self.stage_end(&mut txn, cx, &found);
                Outcome::Succeeded
            } else {
                Outcome::in_use(usage)
            };
            let task = DeletionTask {
                role_arn: role.common.arn.clone(),
                created: cx.now(),
                outcome,
            };
            self.table::<DeletionTask>()
                .stage_new(&mut txn, scope(&cx.account()), &[&id], &task)?;
            self.commit(cx.account(), txn).await?;
            Ok(id)
        })
        .await
    }

    /// Adds to a transaction that a role is gone, with all that leads to it.
    fn stage_end(&self, txn: &mut Txn, cx: &Cx, found: &Versioned<Role>) {
        for arn in &found.record.attached {
            self.stage_detachment(txn, cx.account(), Role::KIND, &found.record.common.id, arn);
        }
        self.stage_delete(txn, cx.account(), found);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_ids_of_the_recorded_form_are_task_ids() {
        let uuid = "0f1e2d3c-4b5a-4678-9abc-def012345678";
        let id = format!("task/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS/{uuid}");
        let task = TaskId::parse(&id).unwrap();
        assert_eq!(
            (task.principal, task.role_name),
            ("ecs.amazonaws.com", "AWSServiceRoleForECS")
        );
        for wrong in [
            String::new(),
            uuid.to_owned(),
            format!("task/aws-service-role/ecs.amazonaws.com/{uuid}"),
            format!("{id}/x"),
            id.to_uppercase(),
            id.replace("def012345678", "def01234567g"),
        ] {
            assert!(TaskId::parse(&wrong).is_none(), "{wrong}");
        }
    }
}

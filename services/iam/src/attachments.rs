//! Managed policies on roles, users and groups: attached, detached, listed, counted.

use api_iam::AttachedPolicy;
use roadstead_core::AccountId;
use roadstead_core::arn::Arn;
use roadstead_kernel::{Cx, Fault, Needs, Result};
use roadstead_policy::limits;
use roadstead_store::{Guard, Op, Record, Table, Txn};

use crate::directory::customer_policy_name;
use crate::entities::scope;
use crate::managed::Managed;
use crate::pages::Page;
use crate::records::{Attachment, BoundaryUse, Entity, Holder, Kind, Policy};
use crate::{Iam, pages, problems};

/// What a policy's ARN names.
pub enum Target {
    /// A policy of AWS.
    Aws(Managed),
    /// One of the account's own.
    Own(Box<Policy>),
}

/// How a policy is refused that is to be attached or to be a boundary.
struct Refused {
    /// What the policy is called when there is none.
    word: &'static str,
    /// The answer for a policy of service-linked roles.
    service_policy: fn() -> Fault,
}

#[expect(clippy::unused_self, reason = "called like the methods beside them")]
impl Iam {
    /// What an ARN names; `None` for a policy that does not exist.
    ///
    /// Errors: `ValidationError` for what is no ARN.
    pub async fn policy_target(&self, account: AccountId, arn: &str) -> Result<Option<Target>> {
        if Arn::parse(arn).is_none() {
            // AWS: recorded, with two blanks.
            return Err(problems::validation("Invalid ARN:  Could not be parsed!"));
        }
        if let Some(policy) = Managed::by_arn(arn) {
            return Ok(Some(Target::Aws(policy)));
        }
        let Some(name) = customer_policy_name(account, arn) else {
            return Ok(None);
        };
        let found = self.find::<Policy>(account, name).await?;
        Ok(found
            .map(|found| found.record)
            .filter(|policy| policy.common.arn == arn)
            .map(Box::new)
            .map(Target::Own))
    }

    /// Adds to a transaction that a policy is still there; refuses those that cannot be attached.
    async fn require_policy(&self, cx: &Cx, txn: &mut Txn, arn: &str, refused: Refused) -> Result<()> {
        match self.policy_target(cx.account(), arn).await? {
            None => Err(problems::not_found(format!(
                "{} {arn} does not exist or is not attachable.",
                refused.word
            ))),
            Some(Target::Aws(policy)) if policy.is_for_linked_roles() => Err((refused.service_policy)()),
            Some(Target::Aws(_)) => Ok(()),
            Some(Target::Own(policy)) => {
                self.require::<Policy>(txn, cx.account(), &policy.common.name);
                Ok(())
            }
        }
    }

    /// Attaches a policy; one that already is stays where it was.
    pub async fn attach<H: Holder>(&self, cx: &Cx, name: &str, arn: &str) -> Result<()> {
        self.retry(|| async {
            let mut found = self.get::<H>(cx, name).await?;
            found.record.changeable()?;
            let mut txn = Txn::new();
            let refused = Refused {
                word: "Policy",
                service_policy: H::service_policy_refused,
            };
            self.require_policy(cx, &mut txn, arn, refused).await?;
            if found.record.attached().iter().any(|known| known == arn) {
                return Ok(());
            }
            if found.record.attached().len() >= limits::ATTACHED_POLICIES {
                return Err(problems::quota(H::ATTACHED_QUOTA, limits::ATTACHED_POLICIES));
            }
            found.record.attached_mut().push(arn.to_owned());
            self.stage_replace(&mut txn, cx.account(), &found)?;
            self.stage_attachment(&mut txn, cx.account(), H::KIND, &found.record.common().id, arn)?;
            self.commit(cx.account(), txn).await.map(|_| ())
        })
        .await
    }

    /// Detaches a policy.
    pub async fn detach<H: Holder>(&self, cx: &Cx, name: &str, arn: &str) -> Result<()> {
        self.retry(|| async {
            let mut found = self.get::<H>(cx, name).await?;
            found.record.changeable()?;
            if Arn::parse(arn).is_none() {
                return Err(problems::validation("Invalid ARN:  Could not be parsed!"));
            }
            let before = found.record.attached().len();
            found.record.attached_mut().retain(|known| known != arn);
            if found.record.attached().len() == before {
                return Err(problems::not_found(format!("Policy {arn} was not found.")));
            }
            let mut txn = Txn::new();
            self.stage_replace(&mut txn, cx.account(), &found)?;
            self.stage_detachment(&mut txn, cx.account(), H::KIND, &found.record.common().id, arn);
            self.commit(cx.account(), txn).await.map(|_| ())
        })
        .await
    }

    /// Adds to a transaction that a policy is attached.
    pub fn stage_attachment(
        &self,
        txn: &mut Txn,
        account: AccountId,
        kind: Kind,
        holder: &str,
        arn: &str,
    ) -> Result<()> {
        let record = Attachment {
            policy: arn.to_owned(),
            kind,
            holder: holder.to_owned(),
        };
        Ok(self
            .table::<Attachment>()
            .stage_put(txn, scope(&account), &[arn, kind.word(), holder], &record)?)
    }

    /// Adds to a transaction that a policy is no longer attached.
    pub fn stage_detachment(&self, txn: &mut Txn, account: AccountId, kind: Kind, holder: &str, arn: &str) {
        txn.push(Op::Delete {
            key: Table::<Attachment>::key(scope(&account), &[arn, kind.word(), holder]),
        });
    }

    /// A page of attached policies.
    pub async fn attached_page<H: Holder>(
        &self,
        cx: &Cx,
        name: &str,
        path_prefix: Option<&str>,
        marker: Option<&str>,
        max: Option<i32>,
    ) -> Result<Page<AttachedPolicy>> {
        let found = self.get::<H>(cx, name).await?;
        let prefix = path_prefix.unwrap_or("/");
        let listed: Vec<&String> = found
            .record
            .attached()
            .iter()
            .filter(|arn| policy_path(arn).is_some_and(|path| path.starts_with(prefix)))
            .collect();
        let list = format!("attached:{}:{prefix}", found.record.common().id);
        let page = pages::cut_in_order(&list, listed, marker, max)?;
        Ok(page.map(|arn| attached_to_api(arn)))
    }

    /// Sets or takes away a principal's boundary.
    pub async fn set_boundary<E: Entity>(
        &self,
        cx: &Cx,
        name: &str,
        boundary: Option<&str>,
        set: impl Fn(&mut E) -> &mut Option<String>,
    ) -> Result<()> {
        self.retry(|| async {
            let mut found = self.get::<E>(cx, name).await?;
            found.record.changeable()?;
            let mut txn = Txn::new();
            if let Some(arn) = boundary {
                self.require_boundary(cx, &mut txn, arn).await?;
            }
            let id = found.record.common().id.clone();
            let old = std::mem::replace(set(&mut found.record), boundary.map(ToOwned::to_owned));
            match (&old, boundary) {
                (Some(old), Some(new)) if old == new => return Ok(()),
                (None, None) => {
                    return Err(problems::not_found(format!(
                        "{} with name {name} does not have a permissions boundary.",
                        E::KIND.title()
                    )));
                }
                _ => {}
            }
            if let Some(old) = &old {
                self.stage_boundary_end(&mut txn, cx.account(), E::KIND, &id, old);
            }
            if let Some(new) = boundary {
                self.stage_boundary(&mut txn, cx.account(), E::KIND, &id, new)?;
            }
            self.stage_replace(&mut txn, cx.account(), &found)?;
            self.commit(cx.account(), txn).await.map(|_| ())
        })
        .await
    }

    /// Adds to a transaction that a policy which is to be a boundary is still there.
    pub async fn require_boundary(&self, cx: &Cx, txn: &mut Txn, arn: &str) -> Result<()> {
        let service_policy =
            || problems::not_attachable("A Service Role Policy cannot be used as a permissions boundary.");
        // AWS: a boundary that does not exist is called so.
        self.require_policy(
            cx,
            txn,
            arn,
            Refused {
                word: "Scope ARN:",
                service_policy,
            },
        )
        .await
    }

    /// Adds to a transaction that a policy is a boundary.
    pub fn stage_boundary(&self, txn: &mut Txn, account: AccountId, kind: Kind, holder: &str, arn: &str) -> Result<()> {
        let record = BoundaryUse {
            policy: arn.to_owned(),
            kind,
            holder: holder.to_owned(),
        };
        Ok(self
            .table::<BoundaryUse>()
            .stage_put(txn, scope(&account), &[arn, kind.word(), holder], &record)?)
    }

    /// Adds to a transaction that a policy is no longer somebody's boundary.
    pub fn stage_boundary_end(&self, txn: &mut Txn, account: AccountId, kind: Kind, holder: &str, arn: &str) {
        txn.push(Op::Delete {
            key: Table::<BoundaryUse>::key(scope(&account), &[arn, kind.word(), holder]),
        });
    }

    /// Adds to a transaction that nobody has the policy, neither attached nor as a boundary.
    pub fn stage_unattached(&self, txn: &mut Txn, account: AccountId, arn: &str) {
        txn.push_guard(Guard::NoneBelow(Table::<Attachment>::prefix(scope(&account), &[arn])));
        txn.push_guard(Guard::NoneBelow(Table::<BoundaryUse>::prefix(scope(&account), &[arn])));
    }

    /// Who has a policy: all attachments of one, or of all for an empty ARN.
    pub async fn attachments(&self, account: AccountId, arn: &str) -> Result<Vec<Attachment>> {
        self.all_below(account, arn).await
    }

    /// Whose boundary a policy is: all uses of one, or of all for an empty ARN.
    pub async fn boundaries(&self, account: AccountId, arn: &str) -> Result<Vec<BoundaryUse>> {
        self.all_below(account, arn).await
    }

    /// All records below one id, or of the account for an empty one.
    pub async fn all_below<R: Record>(&self, account: AccountId, id: &str) -> Result<Vec<R>> {
        let below: &[&str] = if id.is_empty() { &[] } else { &[id] };
        let page = self.table::<R>().list(scope(&account), below, None, usize::MAX).await?;
        Ok(page.records.into_iter().map(|versioned| versioned.record).collect())
    }

    /// What attaching or detaching a policy needs.
    pub async fn needs_to_attach<H: Holder>(&self, cx: &Cx, name: &str, arn: &str) -> Result<Needs> {
        Ok(self.needs_on_bounded::<H>(cx, name).await?.key("iam:PolicyARN", arn))
    }

    /// What setting a boundary needs: the key tells the new one.
    pub async fn needs_to_bound<E: Entity>(&self, cx: &Cx, name: &str, boundary: &str) -> Result<Needs> {
        Ok(self
            .needs_on::<E>(cx, name)
            .await?
            .key("iam:PermissionsBoundary", boundary))
    }

    /// The ARN that a policy of this name would have.
    pub fn policy_arn(&self, cx: &Cx, path: Option<&str>, name: &str) -> String {
        crate::entities::arn::<Policy>(cx, path.unwrap_or("/"), name)
    }
}

/// The path in a policy's ARN.
pub fn policy_path(arn: &str) -> Option<&str> {
    let resource = Arn::parse(arn)?.resource.strip_prefix("policy")?;
    resource.get(..=resource.rfind('/')?)
}

/// An attached policy in Amazon's type.
pub fn attached_to_api(arn: &str) -> AttachedPolicy {
    AttachedPolicy {
        policy_name: arn.rsplit('/').next().map(ToOwned::to_owned),
        policy_arn: Some(arn.to_owned()),
    }
}

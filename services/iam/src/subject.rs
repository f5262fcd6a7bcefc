//! What reports and simulations are about: a user, group, role or policy named by an ARN, and its policies.

use roadstead_core::{AccountId, Arn};
use roadstead_kernel::{Cx, Result};
use roadstead_policy::Document;
use roadstead_store::Versioned;

use crate::managed::Managed;
use crate::records::{Group, Holder, Kind, Member, Policy, Role, User};
use crate::simulate::Given;
use crate::{Iam, documents};

/// An entity of the account, or a policy.
pub enum Subject {
    /// A user.
    User(User),
    /// A group.
    Group(Group),
    /// A role.
    Role(Role),
    /// One of the account's policies.
    Own(Policy),
    /// One of AWS's policies.
    Aws(Managed),
}

/// A policy that counts for a subject.
pub struct Granting {
    /// The policy's name.
    pub name: String,
    /// The ARN of a managed policy; an inline one has none.
    pub arn: Option<String>,
    /// The kind and the name of what the policy hangs on; absent for a policy by itself.
    pub holder: Option<(Kind, String)>,
    /// Its document.
    pub document: Document,
    /// Its document as text.
    pub text: String,
}

impl Iam {
    /// The subject that an ARN names; the name decides, a wrong path does not matter.
    pub async fn subject(&self, cx: &Cx, arn: &str) -> Result<Option<Subject>> {
        if let Some(policy) = Managed::by_arn(arn) {
            return Ok(Some(Subject::Aws(policy)));
        }
        let account = cx.account();
        let Some(parsed) = Arn::parse(arn).filter(|arn| arn.account == account.as_str()) else {
            return Ok(None);
        };
        let (Some((kind, _)), Some(name)) = (parsed.typed_resource(), parsed.resource.rsplit('/').next()) else {
            return Ok(None);
        };
        Ok(match kind {
            "user" => self.find(account, name).await?.map(|found| Subject::User(found.record)),
            "group" => self
                .find(account, name)
                .await?
                .map(|found| Subject::Group(found.record)),
            "role" => self.find(account, name).await?.map(|found| Subject::Role(found.record)),
            "policy" => self.find(account, name).await?.map(|found| Subject::Own(found.record)),
            _ => None,
        })
    }

    /// All policies that count for a subject: its own, and for a user those of its groups.
    pub async fn granting(&self, cx: &Cx, subject: &Subject) -> Result<Vec<Granting>> {
        let mut found = Vec::new();
        match subject {
            Subject::User(user) => {
                self.granting_of(cx, user, &mut found).await?;
                for id in &user.groups {
                    if let Some(Versioned { record, .. }) = self.find_by_id::<Group>(cx.account(), id).await? {
                        self.granting_of(cx, &record, &mut found).await?;
                    }
                }
            }
            Subject::Group(group) => self.granting_of(cx, group, &mut found).await?,
            Subject::Role(role) => self.granting_of(cx, role, &mut found).await?,
            Subject::Own(policy) => found.extend(own(policy, None)?),
            Subject::Aws(policy) => found.push(aws(*policy, cx, None)?),
        }
        Ok(found)
    }

    async fn granting_of<H: Holder>(&self, cx: &Cx, holder: &H, found: &mut Vec<Granting>) -> Result<()> {
        let by = Some((H::KIND, holder.common().name.clone()));
        for (name, text) in holder.inline() {
            found.push(Granting {
                name: name.clone(),
                arn: None,
                holder: by.clone(),
                document: documents::parse_stored(text)?,
                text: text.clone(),
            });
        }
        for arn in holder.attached() {
            match self.subject(cx, arn).await? {
                Some(Subject::Own(policy)) => found.extend(own(&policy, by.clone())?),
                Some(Subject::Aws(policy)) => found.push(aws(policy, cx, by.clone())?),
                _ => {}
            }
        }
        Ok(())
    }

    /// The policy that limits a subject.
    pub async fn boundary_of(&self, cx: &Cx, subject: &Subject) -> Result<Option<Given>> {
        let arn = match subject {
            Subject::User(user) => user.boundary.as_deref(),
            Subject::Role(role) => role.boundary.as_deref(),
            Subject::Group(_) | Subject::Own(_) | Subject::Aws(_) => None,
        };
        let Some(arn) = arn else { return Ok(None) };
        let policy = match self.subject(cx, arn).await? {
            Some(Subject::Own(policy)) => own(&policy, None)?,
            Some(Subject::Aws(policy)) => Some(aws(policy, cx, None)?),
            _ => None,
        };
        Ok(policy.map(|policy| Given {
            id: policy.name,
            text: policy.text,
        }))
    }

    /// The users and roles that a subject stands for.
    pub async fn members_of(&self, cx: &Cx, subject: &Subject) -> Result<Vec<(Kind, String)>> {
        let account = cx.account();
        let mut members = match subject {
            Subject::User(user) => vec![(Kind::User, user.common.id.clone())],
            Subject::Role(role) => vec![(Kind::Role, role.common.id.clone())],
            Subject::Group(group) => self.users_in(account, &group.common.id).await?,
            Subject::Own(policy) => self.holders_of(account, &policy.common.arn).await?,
            Subject::Aws(policy) => self.holders_of(account, &policy.arn(cx.partition())).await?,
        };
        members.sort();
        members.dedup();
        Ok(members)
    }

    async fn users_in(&self, account: AccountId, group: &str) -> Result<Vec<(Kind, String)>> {
        let members = self.all_below::<Member>(account, group).await?;
        Ok(members.into_iter().map(|member| (Kind::User, member.user)).collect())
    }

    async fn holders_of(&self, account: AccountId, arn: &str) -> Result<Vec<(Kind, String)>> {
        let mut members = Vec::new();
        for attachment in self.attachments(account, arn).await? {
            match attachment.kind {
                Kind::Group => members.extend(self.users_in(account, &attachment.holder).await?),
                kind => members.push((kind, attachment.holder)),
            }
        }
        Ok(members)
    }
}

fn own(policy: &Policy, holder: Option<(Kind, String)>) -> Result<Option<Granting>> {
    let Some(version) = policy.default_version() else {
        return Ok(None);
    };
    Ok(Some(Granting {
        name: policy.common.name.clone(),
        arn: Some(policy.common.arn.clone()),
        holder,
        document: documents::parse_stored(&version.document)?,
        text: version.document.clone(),
    }))
}

fn aws(policy: Managed, cx: &Cx, holder: Option<(Kind, String)>) -> Result<Granting> {
    let text = policy.document()?;
    Ok(Granting {
        name: policy.name.to_owned(),
        arn: Some(policy.arn(cx.partition())),
        holder,
        document: documents::parse_stored(&text)?,
        text,
    })
}

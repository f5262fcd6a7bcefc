//! Users beyond what all entities share: who is meant, access keys, and new names.

use roadstead_kernel::{CallerKind, Cx, Needs, Result};
use roadstead_store::{Guard, Op, Scope, Table, Txn, Versioned};

use crate::entities::{arn, id_of, scope};
use crate::records::{AccessKey, Entity, Named, User};
use crate::{Iam, problems};

impl Iam {
    /// The user that is meant: the named one, else the caller; `None` for root asking about itself.
    pub fn user_or_root<'a>(&self, cx: &'a Cx, name: Option<&'a str>) -> Result<Option<&'a str>> {
        if name.is_none() && cx.caller().kind() == CallerKind::Root {
            return Ok(None);
        }
        self.user_name(cx, name).map(Some)
    }

    /// An access key by its id.
    pub async fn find_access_key(&self, id: &str) -> Result<Option<Versioned<AccessKey>>> {
        Ok(self.table::<AccessKey>().get(Scope::installation(), &[id]).await?)
    }

    /// A user's access key, or `NoSuchEntity`.
    pub async fn access_key_of(&self, cx: &Cx, user_name: &str, id: &str) -> Result<Versioned<AccessKey>> {
        let user = self.get::<User>(cx, user_name).await?.record;
        self.find_access_key(id)
            .await?
            .filter(|found| found.record.user == user.common.id)
            .ok_or_else(|| problems::not_found(format!("The Access Key with id {id} cannot be found.")))
    }

    /// What is needed to rename an entity or to move it to another path.
    // AWS: whoever renames needs the permission on the old and on the new name.
    pub async fn needs_to_rename<E: Entity>(
        &self,
        cx: &Cx,
        old: &str,
        path: Option<&str>,
        name: Option<&str>,
    ) -> Result<Needs> {
        let needs = self.needs_on::<E>(cx, old).await?;
        if path.is_none() && name.is_none() {
            return Ok(needs);
        }
        let found = self.find::<E>(cx.account(), old).await?;
        let known = found.as_ref().map(|found| found.record.common().path.as_str());
        let path = path.or(known).unwrap_or("/");
        Ok(needs.also_on(arn::<E>(cx, path, name.unwrap_or(old))))
    }

    /// Gives an entity another name or path, or both.
    pub async fn rename<E: Entity>(&self, cx: &Cx, old: &str, path: Option<&str>, name: Option<&str>) -> Result<()> {
        self.retry(|| async {
            let mut found = self.get::<E>(cx, old).await?;
            let (account, before) = (cx.account(), found.record.common().clone());
            let common = found.record.common_mut();
            path.unwrap_or(&before.path).clone_into(&mut common.path);
            name.unwrap_or(&before.name).clone_into(&mut common.name);
            common.arn = arn::<E>(cx, &common.path, &common.name);
            let (id, new) = (common.id.clone(), id_of(&common.name));
            let mut txn = Txn::new();
            if new == id_of(&before.name) {
                self.stage_replace(&mut txn, account, &found)?;
            } else {
                self.free::<E>(cx, name.unwrap_or_default()).await?;
                let table = self.table::<E>();
                txn.push_guard(Guard::At(found.key.clone(), found.revision));
                txn.push(Op::Delete { key: found.key.clone() });
                table.stage_new(&mut txn, scope(&account), &[&new], &found.record)?;
                txn.push(Op::Put {
                    key: Table::<Named>::key(scope(&account), &[&id]),
                    value: roadstead_store::encode(&Named {
                        kind: E::KIND,
                        name: new,
                    })?,
                    lease: None,
                });
            }
            self.commit(account, txn).await.map(|_| ())
        })
        .await
    }
}

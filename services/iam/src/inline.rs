//! Inline policies of roles, users and groups.

use roadstead_kernel::{Cx, Result};
use roadstead_policy::limits;

use crate::pages::Page;
use crate::records::{Holder, Kind};
use crate::{Iam, documents, pages, problems};

impl Iam {
    /// Writes an inline policy.
    pub async fn put_inline<H: Holder + PartialEq>(&self, cx: &Cx, name: &str, policy: &str, text: &str) -> Result<()> {
        self.change::<H>(cx, name, |holder, _| {
            holder.changeable()?;
            documents::check_identity(text)?;
            holder.inline_mut().insert(policy.to_owned(), text.to_owned());
            let size: usize = holder.inline().values().map(|text| limits::size(text)).sum();
            if size > H::INLINE_LIMIT {
                return Err(problems::limit(format!(
                    "Maximum policy size of {} bytes exceeded for {} {name}",
                    H::INLINE_LIMIT,
                    H::KIND.noun()
                )));
            }
            Ok(())
        })
        .await?;
        Ok(())
    }

    /// An inline policy, encoded for a reply, with the holder's name as it is stored.
    pub async fn inline<H: Holder>(&self, cx: &Cx, name: &str, policy: &str) -> Result<(String, String)> {
        let holder = self.get::<H>(cx, name).await?.record;
        match holder.inline().get(policy) {
            Some(text) => Ok((holder.common().name.clone(), documents::encoded(text))),
            None => Err(missing(H::KIND, policy)),
        }
    }

    /// Deletes an inline policy.
    pub async fn delete_inline<H: Holder + PartialEq>(&self, cx: &Cx, name: &str, policy: &str) -> Result<()> {
        self.change::<H>(cx, name, |holder, _| {
            holder.changeable()?;
            holder
                .inline_mut()
                .remove(policy)
                .map(|_| ())
                .ok_or_else(|| missing(H::KIND, policy))
        })
        .await?;
        Ok(())
    }

    /// A page of the names of inline policies.
    pub async fn inline_page<H: Holder>(
        &self,
        cx: &Cx,
        name: &str,
        marker: Option<&str>,
        max: Option<i32>,
    ) -> Result<Page<String>> {
        let holder = self.get::<H>(cx, name).await?.record;
        let names = holder.inline().keys().cloned().collect();
        pages::cut(
            &format!("inline:{}", holder.common().id),
            names,
            String::as_str,
            marker,
            max,
        )
    }
}

fn missing(kind: Kind, policy: &str) -> roadstead_kernel::Fault {
    problems::not_found(format!(
        "The {} policy with name {policy} cannot be found.",
        kind.noun()
    ))
}

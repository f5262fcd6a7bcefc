//! OpenID Connect providers: kept as data.

use roadstead_core::Arn;
use roadstead_kernel::{Cx, Needs, Result};
use roadstead_store::{Txn, Versioned};

use crate::entities::scope;
use crate::records::OidcProvider;
use crate::{Iam, problems};

/// The most audiences of a provider.
const MAX_CLIENTS: usize = 100;
/// The most thumbprints of a provider.
const MAX_THUMBPRINTS: usize = 5;

/// The id of a provider: its URL without the scheme, and without a slash at its end.
pub fn id_of_url(url: &str) -> Option<String> {
    let rest = url.strip_prefix("https://")?.trim_end_matches('/');
    let host = rest.split('/').next().filter(|host| !host.is_empty())?;
    let well_formed = host
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b".-:".contains(&byte));
    (well_formed && !rest.contains(['?', '#'])).then(|| rest.to_owned())
}

/// The ARN of a provider.
pub fn arn(cx: &Cx, id: &str) -> String {
    cx.place().global_arn("iam", format_args!("oidc-provider/{id}"))
}

/// Refuses a provider with too much in it.
pub fn check(provider: &OidcProvider) -> Result<()> {
    if provider.thumbprints.len() > MAX_THUMBPRINTS {
        return Err(problems::invalid_input(
            "Thumbprint list must contain fewer than 5 entries.",
        ));
    }
    if provider.clients.len() > MAX_CLIENTS {
        return Err(problems::quota("ClientIdsPerOpenIdConnectProvider", MAX_CLIENTS));
    }
    Ok(())
}

impl Iam {
    /// The provider of an ARN, or `NoSuchEntity`.
    pub async fn oidc_provider(&self, cx: &Cx, arn: &str) -> Result<Versioned<OidcProvider>> {
        self.find_oidc(cx, arn)
            .await?
            .ok_or_else(|| problems::not_found(format!("OpenIDConnect Provider not found for arn {arn}")))
    }

    async fn find_oidc(&self, cx: &Cx, arn: &str) -> Result<Option<Versioned<OidcProvider>>> {
        let id = Arn::parse(arn).and_then(|arn| arn.resource.strip_prefix("oidc-provider/"));
        let Some(id) = id else { return Ok(None) };
        let found = self.table::<OidcProvider>().get(scope(&cx.account()), &[id]).await?;
        Ok(found.filter(|found| found.record.arn == arn))
    }

    /// Changes a provider.
    pub async fn change_oidc(
        &self,
        cx: &Cx,
        arn: &str,
        change: impl Fn(&mut OidcProvider) -> Result<()>,
    ) -> Result<()> {
        self.retry(|| async {
            let mut found = self.oidc_provider(cx, arn).await?;
            change(&mut found.record)?;
            let (mut txn, id) = (Txn::new(), found.record.url.clone());
            self.table()
                .stage_replace(&mut txn, scope(&cx.account()), &[&id], found.revision, &found.record)?;
            self.commit(cx.account(), txn).await.map(|_| ())
        })
        .await
    }

    /// What an operation on a provider needs.
    pub async fn needs_on_oidc(&self, cx: &Cx, arn: &str) -> Result<Needs> {
        let needs = Needs::on(arn);
        Ok(match self.find_oidc(cx, arn).await? {
            Some(found) => needs.resource_tags("iam", &found.record.tags),
            None => needs,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_provider_is_named_by_its_url_without_the_scheme() {
        assert_eq!(
            id_of_url("https://token.example.com/a/").as_deref(),
            Some("token.example.com/a")
        );
        for wrong in [
            "http://token.example.com",
            "https://",
            "token.example.com",
            "https://a b",
            "https://a?x",
        ] {
            assert_eq!(id_of_url(wrong), None, "{wrong}");
        }
    }
}

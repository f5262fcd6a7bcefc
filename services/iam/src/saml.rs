//! SAML providers: kept as data.

use std::time::Duration;

use roadstead_core::{Arn, Timestamp};
use roadstead_kernel::{Cx, Needs, Result};
use roadstead_store::{Txn, Versioned};
use roadstead_wire::ApiError;

use crate::entities::{id_of, scope};
use crate::records::SamlProvider;
use crate::{Iam, problems};

/// How long a document without an end is valid: a hundred years.
const UNLIMITED: Duration = Duration::from_secs(100 * 365 * 24 * 3600);

/// The ARN of a provider.
pub fn arn(cx: &Cx, name: &str) -> String {
    cx.place().global_arn("iam", format_args!("saml-provider/{name}"))
}

/// When a metadata document ends to be valid; refuses what is no such document.
pub fn valid_until(document: &str, now: Timestamp) -> Result<Timestamp> {
    if !document.contains("EntityDescriptor") {
        return Err(problems::invalid_input("Could not parse metadata"));
    }
    let stated = document
        .split_once("validUntil=\"")
        .and_then(|(_, rest)| rest.split_once('"'));
    match stated {
        Some((text, _)) => {
            Timestamp::parse_iso8601(text).ok_or_else(|| problems::invalid_input("Could not parse metadata"))
        }
        None => Ok(now.plus(UNLIMITED).cut_to_secs()),
    }
}

/// Refuses encrypted assertions: no private keys are kept.
pub fn refuse_keys(given: bool) -> Result<()> {
    if given {
        let message = "Assertion encryption and private keys of SAML providers are not implemented.";
        return Err(ApiError::new("NotImplemented", 501, message).into());
    }
    Ok(())
}

impl Iam {
    /// The provider of an ARN, or `NoSuchEntity`.
    pub async fn saml_provider(&self, cx: &Cx, arn: &str) -> Result<Versioned<SamlProvider>> {
        self.find_saml(cx, arn)
            .await?
            .ok_or_else(|| problems::not_found(format!("Manifest not found for arn {arn}")))
    }

    async fn find_saml(&self, cx: &Cx, arn: &str) -> Result<Option<Versioned<SamlProvider>>> {
        let name = Arn::parse(arn).and_then(|arn| arn.resource.strip_prefix("saml-provider/"));
        let Some(name) = name else { return Ok(None) };
        let found = self
            .table::<SamlProvider>()
            .get(scope(&cx.account()), &[&id_of(name)])
            .await?;
        Ok(found.filter(|found| found.record.arn == arn))
    }

    /// Changes a provider.
    pub async fn change_saml(
        &self,
        cx: &Cx,
        arn: &str,
        change: impl Fn(&mut SamlProvider) -> Result<()>,
    ) -> Result<()> {
        self.retry(|| async {
            let mut found = self.saml_provider(cx, arn).await?;
            change(&mut found.record)?;
            let (mut txn, id) = (Txn::new(), id_of(&found.record.name));
            self.table()
                .stage_replace(&mut txn, scope(&cx.account()), &[&id], found.revision, &found.record)?;
            self.commit(cx.account(), txn).await.map(|_| ())
        })
        .await
    }

    /// What an operation on a provider needs.
    pub async fn needs_on_saml(&self, cx: &Cx, arn: &str) -> Result<Needs> {
        let needs = Needs::on(arn);
        Ok(match self.find_saml(cx, arn).await? {
            Some(found) => needs.resource_tags("iam", &found.record.tags),
            None => needs,
        })
    }
}

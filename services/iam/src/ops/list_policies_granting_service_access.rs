//! iam:ListPoliciesGrantingServiceAccess — <https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListPoliciesGrantingServiceAccess.html>

use api_iam::op::ListPoliciesGrantingServiceAccess;
use api_iam::{ListPoliciesGrantingServiceAccessEntry, PolicyGrantingServiceAccess, PolicyOwnerEntityType, PolicyType};
use api_iam::{ListPoliciesGrantingServiceAccessRequest, ListPoliciesGrantingServiceAccessResponse};
use roadstead_core::Arn;

use crate::actions::Reference;
use crate::prelude::*;
use crate::records::Kind;
use crate::subject::Granting;
use crate::{advisor, pages, problems};

impl Handle<ListPoliciesGrantingServiceAccess> for Iam {
    async fn needs(&self, _cx: &Cx, input: &ListPoliciesGrantingServiceAccessRequest) -> Result<Needs> {
        Ok(Needs::on(&input.arn))
    }

    async fn handle(
        &self,
        cx: &Cx,
        input: ListPoliciesGrantingServiceAccessRequest,
    ) -> Reply<ListPoliciesGrantingServiceAccess> {
        let arn = &input.arn;
        let is_root = Arn::parse(arn).is_some_and(|arn| arn.resource == "root");
        if is_root {
            return Err(problems::invalid_input(format!(
                "Could not extract entity from ARN : {arn}"
            )));
        }
        let subject = self.subject(cx, arn).await?;
        let subject = subject.ok_or_else(|| problems::not_found(format!("ARN {arn} does not exist.")))?;
        advisor::refuse_policies(&subject, arn)?;
        let reference = Reference::unpack()?;
        let unknown: Vec<&str> = input
            .service_namespaces
            .iter()
            .map(String::as_str)
            .filter(|name| !reference.knows(name))
            .collect();
        if !unknown.is_empty() {
            return Err(problems::invalid_input(format!(
                "Invalid service namespace: [{}]",
                unknown.join(", ")
            )));
        }
        let granting = self.granting(cx, &subject).await?;
        // Denies do not count here, so each policy is asked by itself for what it allows.
        let allowed: Vec<_> = granting
            .iter()
            .map(|policy| reference.granted(&policy.document))
            .collect();
        let mut seen = std::collections::HashSet::new();
        let wanted = input
            .service_namespaces
            .iter()
            .filter(|namespace| seen.insert(namespace.as_str()));
        let entries = wanted.map(|namespace| {
            let by = granting
                .iter()
                .zip(&allowed)
                .filter(|(_, allowed)| allowed.contains(namespace.as_str()));
            ListPoliciesGrantingServiceAccessEntry {
                service_namespace: Some(namespace.clone()),
                policies: Some(by.map(|(policy, _)| to_api(policy)).collect()),
            }
        });
        let entries: Vec<_> = entries.collect();
        let page = pages::cut_in_order(&format!("granting:{arn}"), entries, input.marker.as_deref(), None)?;
        Ok(ListPoliciesGrantingServiceAccessResponse {
            is_truncated: page.truncated(),
            marker: page.marker,
            policies_granting_service_access: page.items,
        })
    }
}

fn to_api(policy: &Granting) -> PolicyGrantingServiceAccess {
    let inline = policy.arn.is_none();
    let holder = policy.holder.as_ref().filter(|_| inline);
    PolicyGrantingServiceAccess {
        policy_name: policy.name.clone(),
        policy_type: if inline {
            PolicyType::Inline
        } else {
            PolicyType::Managed
        },
        policy_arn: policy.arn.clone(),
        entity_type: holder.map(|(kind, _)| match kind {
            Kind::User => PolicyOwnerEntityType::User,
            Kind::Group => PolicyOwnerEntityType::Group,
            _ => PolicyOwnerEntityType::Role,
        }),
        entity_name: holder.map(|(_, name)| name.clone()),
    }
}

//! Access Advisor: reports of what somebody may use and when it was last used, from the kernel's record of attempts.

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use api_iam::{EntityDetails, EntityInfo, PolicyOwnerEntityType, ServiceLastAccessed, TrackedActionLastAccessed};
use roadstead_core::{Arn, Timestamp, paging};
use roadstead_kernel::{Attempt, Cx, Result};
use roadstead_policy::Document;
use roadstead_store::{Txn, Versioned};
use roadstead_wire::ApiError;

use crate::actions::{Reference, is_tracked};
use crate::entities::scope;
use crate::records::{Common, Kind, LastUse, Report, Role, ServiceUse, User};
use crate::subject::Subject;
use crate::{Iam, problems};

const MINUTE_SECS: i64 = 60;
/// How far back anything is told.
pub const TRACKED: Duration = Duration::from_secs(400 * 24 * 3600);
/// How long a report is kept.
const KEPT: Duration = Duration::from_secs(24 * 3600);

/// What a report says of one service, by its prefix.
type Uses = BTreeMap<String, Use>;

#[derive(Default)]
struct Use {
    last: Option<LastUse>,
    entities: HashSet<String>,
    actions: BTreeMap<String, LastUse>,
}

/// Refuses ARNs that no report can be about.
pub fn check_arn(cx: &Cx, arn: &str) -> Result<()> {
    let Some(parsed) = Arn::parse(arn).filter(|arn| arn.service == "iam") else {
        return Err(problems::validation("Invalid service in ARN"));
    };
    if parsed.partition != cx.partition().name() {
        return Err(problems::validation("Invalid ARN partition"));
    }
    if parsed.account != "aws" && parsed.account != cx.account().as_str() {
        let caller = cx.caller().arn();
        let message = format!("User: {caller} is not authorized to perform the operation on {arn}");
        return Err(ApiError::new("AccessDenied", 403, message).into());
    }
    if parsed.resource == "root" {
        return Err(problems::invalid_input(format!(
            "Invalid Entity Arn: {arn} is not supported."
        )));
    }
    Ok(())
}

impl Iam {
    /// Makes a report and keeps it; answers its job id.
    pub async fn make_report(&self, cx: &Cx, arn: &str, by_action: bool) -> Result<String> {
        let subject = self.subject(cx, arn).await?;
        let subject = subject.ok_or_else(|| problems::not_found(format!("ARN {arn} does not exist.")))?;
        let documents: Vec<Document> = self
            .granting(cx, &subject)
            .await?
            .into_iter()
            .map(|granting| granting.document)
            .collect();
        let members = self.members_of(cx, &subject).await?;
        let uses = self.uses_of(cx, &members).await?;
        let services = services(&documents, &uses, by_action)?;
        let report = Report {
            owner: cx.caller().user_id().to_owned(),
            created: cx.now(),
            completed: cx.clock().now(),
            by_action,
            services,
            members,
        };
        let (id, mut txn) = (cx.ids().uuid(), Txn::new());
        let kept = self.store().grant(KEPT).await?;
        self.table()
            .stage_leased(&mut txn, scope(&cx.account()), &[&id], &report, kept)?;
        // Not through `commit`: a report changes nothing of what anybody may do.
        self.store().commit(txn).await?;
        Ok(id)
    }

    async fn uses_of(&self, cx: &Cx, members: &[(Kind, String)]) -> Result<Uses> {
        let mut uses = Uses::new();
        for (_, id) in members {
            for attempt in attempts(cx, id).await? {
                note(&mut uses, id, attempt);
            }
        }
        Ok(uses)
    }

    /// The report of a job, for the one who asked for it.
    pub async fn report(&self, cx: &Cx, id: &str) -> Result<Report> {
        let found = self.table::<Report>().get(scope(&cx.account()), &[id]).await?;
        found
            .map(|Versioned { record, .. }| record)
            .filter(|report| report.owner == cx.caller().user_id())
            .ok_or_else(|| problems::not_found(format!("Job {id} does not exist.")))
    }

    /// Who could use a service, with the last attempt of each; those that are gone left out.
    pub async fn entities_of(&self, cx: &Cx, report: &Report, namespace: &str) -> Result<Vec<EntityDetails>> {
        if !Reference::unpack()?.knows(namespace) {
            // AWS: the misspelling is recorded.
            return Err(problems::invalid_input(format!(
                "Service namepace {namespace} is either invalid or unsupported."
            )));
        }
        if !report.services.iter().any(|service| service.namespace == namespace) {
            return Ok(Vec::new());
        }
        let mut found: Vec<EntityDetails> = Vec::new();
        for (kind, id) in &report.members {
            let (common, kind) = match kind {
                Kind::User => (self.common_by_id::<User>(cx, id).await?, PolicyOwnerEntityType::User),
                Kind::Role => (self.common_by_id::<Role>(cx, id).await?, PolicyOwnerEntityType::Role),
                _ => continue,
            };
            let Some(common) = common else { continue };
            let all = attempts(cx, id).await?.into_iter();
            let of_service = all.filter(|attempt| service_of(&attempt.action) == namespace);
            let last = of_service.map(|attempt| to_minute(attempt.at)).max();
            found.push(EntityDetails {
                entity_info: info(common, kind),
                last_authenticated: last,
            });
        }
        found.sort_by(|a, b| {
            b.last_authenticated
                .cmp(&a.last_authenticated)
                .then_with(|| a.entity_info.arn.cmp(&b.entity_info.arn))
        });
        Ok(found)
    }
}

/// The attempts of a principal that are still told of.
async fn attempts(cx: &Cx, id: &str) -> Result<Vec<Attempt>> {
    let mut all = cx.kernel().accessed().attempts(cx.account(), id).await?;
    all.retain(|attempt| cx.now().since(attempt.at) < TRACKED);
    Ok(all)
}

/// Checks a marker as Access Advisor does: unreadable ones and those of another list are told apart.
pub fn check_marker(list: &str, marker: Option<&str>) -> Result<()> {
    let Some(marker) = marker.filter(|marker| paging::key(list, marker).is_none()) else {
        return Ok(());
    };
    if marker.len() >= 16 && marker.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(problems::invalid_input("The marker passed in the request was invalid."));
    }
    Err(problems::validation("Invalid Marker."))
}

/// A service of a report in Amazon's type.
pub fn service_to_api(service: ServiceUse, by_action: bool) -> ServiceLastAccessed {
    let tracked = by_action && !service.actions.is_empty();
    let actions = tracked.then(|| {
        let used: BTreeMap<&str, &LastUse> = service
            .attempts
            .iter()
            .map(|(name, last)| (name.as_str(), last))
            .collect();
        let names = service.actions.split(',');
        names.map(|name| action_to_api(name, used.get(name).copied())).collect()
    });
    ServiceLastAccessed {
        service_name: service.name,
        last_authenticated: service.last.as_ref().map(|last| last.at),
        service_namespace: service.namespace,
        last_authenticated_entity: service.last.as_ref().map(|last| last.entity.clone()),
        last_authenticated_region: service.last.map(|last| last.region.to_string()),
        total_authenticated_entities: i32::try_from(service.entities).ok(),
        tracked_actions_last_accessed: actions,
    }
}

fn action_to_api(name: &str, last: Option<&LastUse>) -> TrackedActionLastAccessed {
    TrackedActionLastAccessed {
        action_name: Some(name.to_owned()),
        last_accessed_entity: last.map(|last| last.entity.clone()),
        last_accessed_time: last.map(|last| last.at),
        last_accessed_region: last.map(|last| last.region.to_string()),
    }
}

fn services(documents: &[Document], attempted: &Uses, by_action: bool) -> Result<Vec<ServiceUse>> {
    let reference = Reference::unpack()?;
    let allowed = reference.allowed(documents);
    let rows = allowed.into_iter().map(|(namespace, (service, actions))| {
        let used = attempted.get(namespace);
        let tracked: Vec<&str> = if by_action {
            actions
                .into_iter()
                .filter(|action| is_tracked(namespace, action))
                .collect()
        } else {
            Vec::new()
        };
        let attempts = used.map(|used| {
            let known = used.actions.iter().filter(|(name, _)| tracked.contains(&name.as_str()));
            known.map(|(name, last)| (name.clone(), last.clone())).collect()
        });
        ServiceUse {
            namespace: namespace.to_owned(),
            name: service.name.to_owned(),
            last: used.and_then(|used| used.last.clone()),
            entities: used.map_or(0, |used| used.entities.len()),
            actions: tracked.join(","),
            attempts: attempts.unwrap_or_default(),
        }
    });
    Ok(rows.collect())
}

fn note(uses: &mut Uses, id: &str, attempt: Attempt) {
    let Some((service, action)) = attempt.action.split_once(':') else {
        return;
    };
    let last = LastUse {
        at: to_minute(attempt.at),
        region: attempt.region,
        entity: attempt.principal,
    };
    let known = uses.entry(service.to_owned()).or_default();
    known.entities.insert(id.to_owned());
    if known.last.as_ref().is_none_or(|old| old.at < last.at) {
        known.last = Some(last.clone());
    }
    match known.actions.get_mut(action) {
        Some(old) if old.at >= last.at => {}
        Some(old) => *old = last,
        None => {
            known.actions.insert(action.to_owned(), last);
        }
    }
}

fn service_of(action: &str) -> &str {
    action.split(':').next().unwrap_or_default()
}

fn to_minute(at: Timestamp) -> Timestamp {
    Timestamp::from_secs(at.secs() - at.secs().rem_euclid(MINUTE_SECS))
}

fn info(common: Common, kind: PolicyOwnerEntityType) -> EntityInfo {
    EntityInfo {
        arn: common.arn,
        name: common.name,
        r#type: kind,
        id: common.id,
        path: Some(common.path),
    }
}

/// Refuses entities that policies cannot hang on.
pub fn refuse_policies(subject: &Subject, arn: &str) -> Result<()> {
    match subject {
        Subject::Own(_) | Subject::Aws(_) => Err(problems::invalid_input(format!(
            "Invalid Entity Arn: {arn} is not supported."
        ))),
        Subject::User(_) | Subject::Group(_) | Subject::Role(_) => Ok(()),
    }
}

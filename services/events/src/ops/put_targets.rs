//! events:PutTargets — <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutTargets.html>

use api_events::op::PutTargets;
use api_events::{PutTargetsRequest, PutTargetsResponse};
use roadstead_store::Txn;

use crate::check::{self, MAX_TARGETS};
use crate::error::{busy, limit_exceeded};
use crate::prelude::*;
use crate::records::{Document, Target};
use crate::{SERVICE, TRIES, check_owner};

impl Handle<PutTargets> for Events {
    async fn needs(&self, cx: &Cx, input: &PutTargetsRequest) -> Result<Needs> {
        let mut needs = self
            .needs_on_rule(cx, input.event_bus_name.as_deref(), &input.rule)
            .await?
            .keys(
                "events:TargetArn",
                input.targets.iter().map(|target| target.arn.clone()),
            );
        let mut roles: Vec<&str> = input
            .targets
            .iter()
            .filter_map(|target| target.role_arn.as_deref())
            .collect();
        roles.sort_unstable();
        roles.dedup();
        for role in roles {
            needs = needs.pass_role(Some(role), SERVICE);
        }
        Ok(needs)
    }

    async fn handle(&self, cx: &Cx, input: PutTargetsRequest) -> Reply<PutTargets> {
        let place = cx.place();
        let bus = arn::bus_name(place, input.event_bus_name.as_deref())?;
        check::targets(&input.targets)?;
        let refused: Vec<_> = input.targets.iter().filter_map(check::target).collect();
        let id = [bus.as_str(), input.rule.as_str()];
        for _ in 0..TRIES {
            let rule = self.rule(place, &bus, &input.rule).await?;
            check_owner(cx, &rule.record, false)?;
            let there = self.targets.list(scope(&place), &id, None, usize::MAX).await?.records;
            let added = input.targets.iter().filter(|target| {
                let refused = refused.iter().any(|entry| entry.target_id.as_ref() == Some(&target.id));
                !refused
            });
            let mut txn = Txn::new();
            let mut count = there.len();
            for target in added {
                if !there.iter().any(|other| other.record.given.0.id == target.id) {
                    count += 1;
                }
                let id = [bus.as_str(), input.rule.as_str(), target.id.as_str()];
                let given = Document(target.clone());
                self.targets
                    .stage_put(&mut txn, scope(&place), &id, &Target { given })?;
            }
            if count > MAX_TARGETS {
                return Err(limit_exceeded());
            }
            // The rule is written anew, so that of two calls that meet only one counted its targets right.
            self.rules
                .stage_replace(&mut txn, scope(&place), &id, rule.revision, &rule.record)?;
            match self.store.commit(txn).await {
                Ok(_) => {
                    self.rule_changed(place, &bus, &input.rule);
                    return Ok(PutTargetsResponse {
                        failed_entry_count: i32::try_from(refused.len()).ok(),
                        failed_entries: Some(refused),
                    });
                }
                Err(error) if error.is_conflict() => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(busy(&format!("Rule {}", input.rule)))
    }
}

//! One try to bring an event to a target: a log group, a cluster that runs a task, or another bus.

use std::sync::Arc;

use api_ecs::op::RunTask;
use api_ecs::{RunTaskRequest, TaskOverride};
use api_events::op::PutEvents;
use api_events::{EcsParameters, PutEventsRequest, PutEventsRequestEntry};
use api_logs::op::{CreateLogStream, PutLogEvents};
use api_logs::{CreateLogStreamRequest, InputLogEvent, PutLogEventsRequest};
use roadstead_core::arn::Place;
use roadstead_core::{AccountId, Arn, Region};
use roadstead_kernel::{ApiError, Behalf, Fault, Kernel, OwnName};
use roadstead_wire::from_json;
use serde_json::Value;

use crate::records::Delivery;
use crate::{SERVICE, arn};

/// What writes to log groups for other services of AWS.
const LOG_DELIVERY: &str = "delivery.logs.amazonaws.com";
/// The longest `startedBy` of a task.
const MAX_STARTED_BY: usize = 128;

/// Why a try failed.
#[derive(Debug)]
pub enum Setback {
    /// Another try can succeed.
    Later(String),
    /// So many tasks were started; another try can start the rest.
    Partly(i32, String),
    /// No try can.
    Never(String),
}

impl Setback {
    /// The reason.
    pub fn text(&self) -> &str {
        match self {
            Self::Later(why) | Self::Partly(_, why) | Self::Never(why) => why,
        }
    }
}

impl From<Fault> for Setback {
    // AWS: documented; what is missing or forbidden is not tried again.
    fn from(fault: Fault) -> Self {
        match &fault {
            Fault::Api(error) if is_passing(error) => Self::Later(fault.to_string()),
            Fault::Api(_) => Self::Never(fault.to_string()),
            Fault::Internal(_) => Self::Later(fault.to_string()),
        }
    }
}

fn is_passing(error: &ApiError) -> bool {
    const CODES: [&str; 5] = [
        "ThrottlingException",
        "LimitExceededException",
        "OperationAbortedException",
        "ConcurrentModificationException",
        "ServiceUnavailableException",
    ];
    error.status == 429 || (error.status >= 500 && error.status != 501) || CODES.contains(&error.name())
}

/// Tries once to deliver.
pub async fn bring(kernel: &Arc<Kernel>, place: Place, delivery: &Delivery) -> Result<(), Setback> {
    let target = &delivery.target.0;
    let Some(parsed) = Arn::parse(&target.arn) else {
        return Err(Setback::Never("the target's ARN is malformed".to_owned()));
    };
    match (parsed.service, parsed.typed_resource()) {
        ("logs", Some(("log-group", group))) if parsed.place() == Some(place) => {
            to_log_group(kernel, place, delivery, group.strip_suffix(":*").unwrap_or(group)).await
        }
        ("ecs", Some(("cluster", _))) if parsed.place() == Some(place) => to_cluster(kernel, place, delivery).await,
        ("events", Some(("event-bus", bus))) => {
            let there = AccountId::parse(parsed.account).zip(Region::parse(parsed.region));
            let there = there.map(|(account, region)| Place { account, region });
            match there.filter(|there| there.account == place.account) {
                Some(there) => to_bus(kernel, place, there, delivery, bus).await,
                None => Err(Setback::Never("buses of other accounts are not there".to_owned())),
            }
        }
        ("logs" | "ecs", _) => Err(Setback::Never("the target is in another place".to_owned())),
        (service, _) => Err(Setback::Never(format!("targets of `{service}` are not implemented"))),
    }
}

fn rule_arn(place: Place, delivery: &Delivery) -> String {
    arn::rule(place, &delivery.bus, &delivery.rule)
}

/// Writes a log event, in EventBridge's own name or that of the delivery of logs, whichever the group's account allows.
async fn to_log_group(kernel: &Arc<Kernel>, place: Place, delivery: &Delivery, group: &str) -> Result<(), Setback> {
    let about = rule_arn(place, delivery);
    let own = OwnName::new(kernel, SERVICE, place, Some(about.clone()));
    match write(&own, place, delivery, group).await {
        Err(Fault::Api(error)) if error.name() == "AccessDeniedException" => {
            let own = OwnName::new(kernel, LOG_DELIVERY, place, Some(about));
            Ok(write(&own, place, delivery, group).await?)
        }
        other => Ok(other?),
    }
}

async fn write(own: &OwnName, place: Place, delivery: &Delivery, group: &str) -> Result<(), Fault> {
    // One stream for each rule and target, named like those of AWS.
    let stream = fingerprint(&[&rule_arn(place, delivery), &delivery.target.0.id]);
    let (message, timestamp) = log_event(delivery);
    let input = PutLogEventsRequest {
        log_group_name: group.to_owned(),
        log_stream_name: stream.clone(),
        log_events: vec![InputLogEvent { timestamp, message }],
        ..PutLogEventsRequest::default()
    };
    let Err(missing) = own.call::<PutLogEvents>(input.clone()).await else {
        return Ok(());
    };
    if missing.api().map(ApiError::name) != Some("ResourceNotFoundException") {
        return Err(missing);
    }
    let made = own
        .call::<CreateLogStream>(CreateLogStreamRequest {
            log_group_name: group.to_owned(),
            log_stream_name: stream,
        })
        .await;
    match made {
        Err(fault) if fault.api().map(ApiError::name) != Some("ResourceAlreadyExistsException") => Err(fault),
        _ => own.call::<PutLogEvents>(input).await.map(|_| ()),
    }
}

/// The message and its time: a template for log groups gives both, anything else is the message.
// AWS: documented; the template of a log group is `{"timestamp": …, "message": …}`.
fn log_event(delivery: &Delivery) -> (String, i64) {
    let accepted = delivery.at.millis();
    if delivery.target.0.input_transformer.is_some()
        && let Ok(Value::Object(members)) = serde_json::from_str::<Value>(&delivery.payload)
        && let (Some(time), Some(message), 2) = (members.get("timestamp"), members.get("message"), members.len())
    {
        let millis = match time {
            Value::Number(millis) => millis.as_i64(),
            Value::String(text) => roadstead_core::Timestamp::parse_iso8601(text)
                .map(roadstead_core::Timestamp::millis)
                .or_else(|| text.parse().ok()),
            _ => None,
        };
        let text = message.as_str().map_or_else(|| message.to_string(), ToOwned::to_owned);
        return (text, millis.unwrap_or(accepted));
    }
    (delivery.payload.clone(), accepted)
}

/// Runs tasks as the target's role.
async fn to_cluster(kernel: &Arc<Kernel>, place: Place, delivery: &Delivery) -> Result<(), Setback> {
    let target = &delivery.target.0;
    let (Some(parameters), Some(role)) = (&target.ecs_parameters, target.role_arn.as_deref()) else {
        return Err(Setback::Never("a cluster needs parameters and a role".to_owned()));
    };
    let overrides = overrides(delivery).map_err(Setback::Never)?;
    let role = assume(kernel, place, place, delivery, role).await?;
    let input = run_task(delivery, parameters, overrides);
    let answer = role.call::<RunTask>(input).await?;
    let failures = answer.failures.unwrap_or_default();
    let Some(failure) = failures.first() else {
        return Ok(());
    };
    let why = format!(
        "not every task was placed: {}",
        failure.reason.as_deref().unwrap_or("no reason was given")
    );
    let started = answer.tasks.unwrap_or_default().len();
    match i32::try_from(started) {
        Ok(0) | Err(_) => Err(Setback::Later(why)),
        Ok(started) => Err(Setback::Partly(started, why)),
    }
}

/// Assumes the target's role for a place.
async fn assume(
    kernel: &Arc<Kernel>,
    place: Place,
    there: Place,
    delivery: &Delivery,
    role: &str,
) -> Result<Behalf, Setback> {
    let about = rule_arn(place, delivery);
    let session = fingerprint(&[&about]).replace('-', "");
    Ok(Behalf::assume_about(kernel, SERVICE, there, role, &session, about).await?)
}

/// The overrides that a target's input names; an event that is delivered as it is names none.
fn overrides(delivery: &Delivery) -> Result<Option<TaskOverride>, String> {
    let target = &delivery.target.0;
    if target.input.is_none() && target.input_path.is_none() && target.input_transformer.is_none() {
        return Ok(None);
    }
    from_json::<TaskOverride>(&delivery.payload)
        .map(Some)
        .map_err(|why| format!("the input is not what overrides a task: {why}"))
}

fn run_task(delivery: &Delivery, parameters: &EcsParameters, overrides: Option<TaskOverride>) -> RunTaskRequest {
    let target = &delivery.target.0;
    let network = parameters
        .network_configuration
        .as_ref()
        .map(|network| api_ecs::NetworkConfiguration {
            awsvpc_configuration: network
                .awsvpc_configuration
                .as_ref()
                .map(|vpc| api_ecs::AwsVpcConfiguration {
                    subnets: vpc.subnets.clone(),
                    security_groups: vpc.security_groups.clone(),
                    assign_public_ip: vpc.assign_public_ip.as_ref().map(|public| public.as_str().into()),
                }),
        });
    let strategy = parameters.capacity_provider_strategy.as_ref().map(|items| {
        let item = |item: &api_events::CapacityProviderStrategyItem| api_ecs::CapacityProviderStrategyItem {
            capacity_provider: item.capacity_provider.clone(),
            weight: item.weight,
            base: item.base,
        };
        items.iter().map(item).collect()
    });
    let constraints = parameters.placement_constraints.as_ref().map(|all| {
        let one = |one: &api_events::PlacementConstraint| api_ecs::PlacementConstraint {
            r#type: one.r#type.as_ref().map(|kind| kind.as_str().into()),
            expression: one.expression.clone(),
        };
        all.iter().map(one).collect()
    });
    let placement = parameters.placement_strategy.as_ref().map(|all| {
        let one = |one: &api_events::PlacementStrategy| api_ecs::PlacementStrategy {
            r#type: one.r#type.as_ref().map(|kind| kind.as_str().into()),
            field: one.field.clone(),
        };
        all.iter().map(one).collect()
    });
    let tags = parameters.tags.as_ref().map(|tags| {
        let one = |tag: &api_events::Tag| api_ecs::Tag {
            key: Some(tag.key.clone()),
            value: Some(tag.value.clone()),
        };
        tags.iter().map(one).collect()
    });
    // AWS: recorded elsewhere; the rule's name stands behind this prefix.
    let started_by: String = format!("events-rule/{}", delivery.rule)
        .chars()
        .take(MAX_STARTED_BY)
        .collect();
    RunTaskRequest {
        cluster: Some(target.arn.clone()),
        task_definition: parameters.task_definition_arn.clone(),
        count: Some(parameters.task_count.unwrap_or(1) - delivery.started),
        launch_type: parameters.launch_type.as_ref().map(|kind| kind.as_str().into()),
        network_configuration: network,
        platform_version: parameters.platform_version.clone(),
        group: parameters.group.clone(),
        capacity_provider_strategy: strategy,
        enable_ecs_managed_tags: parameters.enable_ecs_managed_tags,
        enable_execute_command: parameters.enable_execute_command,
        placement_constraints: constraints,
        placement_strategy: placement,
        propagate_tags: parameters.propagate_tags.as_ref().map(|from| from.as_str().into()),
        reference_id: parameters.reference_id.clone(),
        overrides,
        started_by: Some(started_by),
        tags,
        // A try whose answer was lost starts no second task; one that starts the rest is another request.
        client_token: Some(fingerprint(&[
            &delivery.event,
            &delivery.bus,
            &delivery.rule,
            &target.id,
            &delivery.started.to_string(),
        ])),
        ..RunTaskRequest::default()
    }
}

/// Puts the event on another bus, as the target's role or in EventBridge's own name.
async fn to_bus(
    kernel: &Arc<Kernel>,
    place: Place,
    there: Place,
    delivery: &Delivery,
    bus: &str,
) -> Result<(), Setback> {
    let malformed = || Setback::Never("what is to be put on the bus is no event".to_owned());
    let event: Value = serde_json::from_str(&delivery.payload).map_err(|_| malformed())?;
    let text = |name: &str| event.get(name).and_then(Value::as_str).map(ToOwned::to_owned);
    let resources = event.get("resources").and_then(Value::as_array);
    let detail = crate::input::Path::parse("$.detail").and_then(|path| path.find(&delivery.payload).map(String::from));
    let entry = PutEventsRequestEntry {
        time: Some(delivery.time),
        source: Some(text("source").ok_or_else(malformed)?),
        detail_type: Some(text("detail-type").ok_or_else(malformed)?),
        detail: Some(detail.ok_or_else(malformed)?),
        resources: resources.map(|all| all.iter().filter_map(Value::as_str).map(ToOwned::to_owned).collect()),
        event_bus_name: Some(bus.to_owned()),
        ..PutEventsRequestEntry::default()
    };
    let input = PutEventsRequest {
        entries: vec![entry],
        ..PutEventsRequest::default()
    };
    let answer = match delivery.target.0.role_arn.as_deref() {
        Some(role) => {
            assume(kernel, place, there, delivery, role)
                .await?
                .call::<PutEvents>(input)
                .await?
        }
        None => {
            let own = OwnName::new(kernel, SERVICE, there, Some(rule_arn(place, delivery)));
            own.call::<PutEvents>(input).await?
        }
    };
    let refused = answer
        .entries
        .unwrap_or_default()
        .into_iter()
        .find_map(|entry| entry.error_message);
    refused.map_or(Ok(()), |why| Err(Setback::Never(why)))
}

/// A name in the form of a UUID that is always the same for the same words.
fn fingerprint(words: &[&str]) -> String {
    let hash = |seed: u64| {
        let bytes = words.iter().flat_map(|word| word.bytes().chain([0]));
        bytes.fold(seed, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        })
    };
    let hex = format!(
        "{:016x}{:016x}",
        hash(0xcbf2_9ce4_8422_2325),
        hash(0x8422_2325_cbf2_9ce4)
    );
    let part = |from: usize, to: usize| hex.get(from..to).unwrap_or_default();
    format!(
        "{}-{}-{}-{}-{}",
        part(0, 8),
        part(8, 12),
        part(12, 16),
        part(16, 20),
        part(20, 32)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fingerprints_look_like_uuids_and_differ_with_their_words() {
        let one = fingerprint(&["a", "b"]);
        assert_eq!(one.len(), 36);
        assert_eq!(one, fingerprint(&["a", "b"]));
        assert_ne!(one, fingerprint(&["ab", ""]));
        assert_ne!(one, fingerprint(&["a", "c"]));
    }
}

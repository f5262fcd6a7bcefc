//! What calls need to be allowed.

use api_events::PutRuleRequest;
use api_events::op::PutRule;
use roadstead_core::arn::Place;
use roadstead_core::{AccountId, Region};
use roadstead_kernel::Behalf;
use serde_json::{Value, json};

use crate::world::{World, arn};

#[expect(clippy::needless_pass_by_value, reason = "as `json!` gives them")]
fn allow(actions: Value, resource: &str, condition: Value) -> Value {
    json!([{ "Effect": "Allow", "Action": actions, "Resource": resource, "Condition": condition }])
}

#[tokio::test]
async fn a_user_without_permission_changes_nothing() {
    let world = World::new();
    let nobody = world.user("nobody", allow(json!("s3:*"), "*", json!({}))).await;
    let bus = arn("events", "event-bus/default");
    for (operation, input, resource) in [
        (
            "PutRule",
            json!({ "Name": "r", "EventPattern": "{\"a\":[1]}" }),
            arn("events", "rule/r"),
        ),
        (
            "DeleteRule",
            json!({ "Name": "r", "EventBusName": "own" }),
            arn("events", "rule/own/r"),
        ),
        ("DescribeRule", json!({ "Name": "r" }), arn("events", "rule/r")),
        (
            "PutTargets",
            json!({ "Rule": "r", "Targets": [{ "Id": "1", "Arn": "x" }] }),
            arn("events", "rule/r"),
        ),
        ("ListRules", json!({}), "*".to_owned()),
        ("PutPermission", json!({}), "*".to_owned()),
        (
            "CreateEventBus",
            json!({ "Name": "own" }),
            arn("events", "event-bus/own"),
        ),
        ("TagResource", json!({ "ResourceARN": bus, "Tags": [] }), bus.clone()),
        ("PutEvents", json!({ "Entries": [{ "Source": "mine" }] }), bus.clone()),
    ] {
        let (code, message) = nobody.events(operation, input).await.error();
        assert_eq!(code, "AccessDeniedException", "{operation}");
        let expected = format!(
            "User: arn:aws:iam::000000000000:user/nobody is not authorized to perform: events:{operation} on resource: {resource} because no identity-based policy allows the events:{operation} action"
        );
        assert_eq!(message, expected);
    }
    assert_eq!(world.events("ListRules", json!({})).await.ok(), json!({ "Rules": [] }));
}

#[tokio::test]
async fn conditions_see_sources_targets_tags_and_managers() {
    let world = World::new();
    let sources =
        json!({ "ForAllValues:StringEquals": { "events:source": "mine" }, "Null": { "events:source": "false" } });
    let writer = world
        .user(
            "writer",
            allow(json!(["events:PutRule", "events:PutEvents"]), "*", sources),
        )
        .await;
    let rule = |source: &str| json!({ "Name": "r", "EventPattern": json!({ "source": [source] }).to_string() });
    writer.events("PutRule", rule("mine")).await.ok();
    assert_eq!(
        writer.events("PutRule", rule("other")).await.error().0,
        "AccessDeniedException"
    );
    let entry = |source: &str| json!({ "Entries": [{ "Source": source, "DetailType": "t", "Detail": "{}" }] });
    writer.events("PutEvents", entry("mine")).await.ok();
    assert_eq!(
        writer.events("PutEvents", entry("other")).await.error().0,
        "AccessDeniedException"
    );
    let queues = json!({ "ForAllValues:ArnLike": { "events:TargetArn": arn("sqs", "*") } });
    let pointer = world
        .user("pointer", allow(json!("events:PutTargets"), "*", queues))
        .await;
    let target = |arn: String| json!({ "Rule": "r", "Targets": [{ "Id": "1", "Arn": arn }] });
    pointer.events("PutTargets", target(arn("sqs", "q"))).await.ok();
    assert_eq!(
        pointer.events("PutTargets", target(arn("sns", "t"))).await.error().0,
        "AccessDeniedException"
    );
    let tagged = json!({ "StringEquals": { "aws:ResourceTag/team": "a" } });
    let reader = world
        .user("reader", allow(json!("events:DescribeRule"), "*", tagged))
        .await;
    assert_eq!(
        reader.events("DescribeRule", json!({ "Name": "r" })).await.error().0,
        "AccessDeniedException"
    );
    let tag = json!({ "ResourceARN": arn("events", "rule/r"), "Tags": [{ "Key": "team", "Value": "a" }] });
    world.events("TagResource", tag).await.ok();
    reader.events("DescribeRule", json!({ "Name": "r" })).await.ok();
}

#[tokio::test]
async fn handing_over_a_role_needs_the_right_to_pass_it() {
    let world = World::new();
    world
        .events("PutRule", json!({ "Name": "r", "EventPattern": "{\"a\":[1]}" }))
        .await
        .ok();
    let user = world.user("user", allow(json!("events:*"), "*", json!({}))).await;
    let target = json!({ "Id": "1", "Arn": arn("sqs", "q"), "RoleArn": "arn:aws:iam::000000000000:role/x" });
    let (code, message) = user
        .events("PutTargets", json!({ "Rule": "r", "Targets": [target] }))
        .await
        .error();
    assert_eq!(code, "AccessDeniedException");
    assert!(
        message.contains("iam:PassRole on resource: arn:aws:iam::000000000000:role/x"),
        "{message}"
    );
}

#[tokio::test]
async fn a_buss_policy_lets_others_in_and_keeps_them_out() {
    let world = World::new();
    let user = world.user("user", allow(json!("s3:*"), "*", json!({}))).await;
    let entry = json!({ "Entries": [{ "Source": "mine", "DetailType": "t", "Detail": "{}" }] });
    assert_eq!(
        user.events("PutEvents", entry.clone()).await.error().0,
        "AccessDeniedException"
    );
    let policy = |effect: &str| {
        let statement = json!({
            "Sid": "s", "Effect": effect, "Principal": { "AWS": "arn:aws:iam::000000000000:user/user" },
            "Action": "events:PutEvents", "Resource": arn("events", "event-bus/default")
        });
        json!({ "Policy": json!({ "Version": "2012-10-17", "Statement": [statement] }).to_string() })
    };
    world.events("PutPermission", policy("Allow")).await.ok();
    user.events("PutEvents", entry.clone()).await.ok();
    world.events("PutPermission", policy("Deny")).await.ok();
    assert_eq!(user.events("PutEvents", entry).await.error().0, "AccessDeniedException");
}

#[tokio::test]
async fn rules_that_ecs_manages_are_changed_by_its_role_alone_unless_by_force() {
    let world = World::new();
    world
        .form(
            "iam",
            "CreateServiceLinkedRole",
            &[("AWSServiceName", "ecs.amazonaws.com")],
        )
        .await;
    let place = Place {
        account: AccountId::parse("000000000000").unwrap(),
        region: Region::US_EAST_1,
    };
    let role = "arn:aws:iam::000000000000:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS";
    let kernel = &world.installation.kernel;
    let role = Behalf::assume(kernel, "ecs.amazonaws.com", place, role, "ecs-managed")
        .await
        .unwrap();
    let named = |name: &str| PutRuleRequest {
        name: name.to_owned(),
        event_pattern: Some("{\"source\":[\"aws.autoscaling\"]}".to_owned()),
        ..PutRuleRequest::default()
    };
    // The policy allows it with `events:ManagedBy` alone, which says that the rule is the role's own.
    role.call::<PutRule>(named("ecs-managed-draining")).await.unwrap();
    let shown = world
        .events("DescribeRule", json!({ "Name": "ecs-managed-draining" }))
        .await
        .ok();
    assert_eq!(shown["ManagedBy"], "ecs.amazonaws.com");
    let mine = json!({ "Name": "ecs-managed-draining", "EventPattern": "{\"a\":[1]}" });
    let name = json!({ "Name": "ecs-managed-draining" });
    for (operation, input) in [
        ("PutRule", mine),
        ("DisableRule", name.clone()),
        ("DeleteRule", name.clone()),
        (
            "PutTargets",
            json!({ "Rule": "ecs-managed-draining", "Targets": [{ "Id": "1", "Arn": arn("sqs", "q") }] }),
        ),
    ] {
        assert_eq!(
            world.events(operation, input).await.error().0,
            "ManagedRuleException",
            "{operation}"
        );
    }
    role.call::<PutRule>(named("ecs-managed-draining")).await.unwrap();
    let forced = json!({ "Name": "ecs-managed-draining", "Force": true });
    world.events("DeleteRule", forced).await.ok();
    // A user's own rule is not the role's to change.
    world
        .events("PutRule", json!({ "Name": "mine", "EventPattern": "{\"a\":[1]}" }))
        .await
        .ok();
    let refused = role.call::<PutRule>(named("mine")).await.unwrap_err();
    assert_eq!(refused.api().unwrap().name(), "AccessDeniedException");
}

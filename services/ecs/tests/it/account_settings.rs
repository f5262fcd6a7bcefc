//! Account settings: put, listed, deleted, and what follows from them.

use serde_json::{Value, json};

use crate::world::World;

const ROOT: &str = "arn:aws:iam::000000000000:root";

/// Name, value and principal of the settings in an answer.
fn listed(answer: &Value) -> Vec<(String, String, String)> {
    let text = |setting: &Value, name: &str| setting[name].as_str().unwrap().to_owned();
    let one = |setting: &Value| {
        (
            text(setting, "name"),
            text(setting, "value"),
            text(setting, "principalArn"),
        )
    };
    answer["settings"].as_array().unwrap().iter().map(one).collect()
}

async fn effective(world: &World, name: &str) -> String {
    let asked = json!({ "name": name, "effectiveSettings": true });
    listed(&world.ecs("ListAccountSettings", asked).await.ok())[0].1.clone()
}

#[tokio::test]
async fn a_new_account_has_every_setting_at_its_default() {
    let world = World::new();
    let mut all = Vec::new();
    let mut token = Value::Null;
    loop {
        let page = world
            .ecs(
                "ListAccountSettings",
                json!({ "effectiveSettings": true, "nextToken": token }),
            )
            .await
            .ok();
        all.extend(listed(&page));
        token = page["nextToken"].clone();
        if token.is_null() {
            break;
        }
    }
    let values: Vec<(&str, &str)> = all
        .iter()
        .map(|(name, value, _)| (name.as_str(), value.as_str()))
        .collect();
    assert_eq!(
        values,
        [
            ("awsvpcTrunking", "disabled"),
            ("containerInsights", "disabled"),
            ("containerInstanceLongArnFormat", "enabled"),
            ("defaultLogDriverMode", "non-blocking"),
            ("dualStackIPv6", "enabled"),
            ("fargateEventWindows", "disabled"),
            ("fargateFIPSMode", "disabled"),
            ("fargateTaskRetirementWaitPeriod", "7"),
            ("guardDutyActivate", "off"),
            ("serviceLongArnFormat", "enabled"),
            ("tagResourceAuthorization", "on"),
            ("taskLongArnFormat", "enabled"),
        ]
    );
    assert!(all.iter().all(|(_, _, principal)| principal == ROOT));
    assert_eq!(
        world.ecs("ListAccountSettings", json!({})).await.ok()["settings"],
        json!([])
    );
}

#[tokio::test]
async fn a_users_own_value_wins_over_the_accounts() {
    let world = World::new();
    let keys = world
        .user(
            "ann",
            json!([{ "Effect": "Allow", "Action": "ecs:*", "Resource": "*" }]),
        )
        .await;
    let ann = world.acting(keys);
    let put = |value: &str| json!({ "name": "containerInsights", "value": value });
    let of_account = world.ecs("PutAccountSettingDefault", put("enabled")).await.ok();
    assert_eq!(
        of_account["setting"],
        json!({ "name": "containerInsights", "value": "enabled", "principalArn": ROOT, "type": "user" })
    );
    assert_eq!(effective(&ann, "containerInsights").await, "enabled");
    let own = ann.ecs("PutAccountSetting", put("enhanced")).await.ok();
    assert_eq!(own["setting"]["principalArn"], "arn:aws:iam::000000000000:user/ann");
    assert_eq!(effective(&ann, "containerInsights").await, "enhanced");
    assert_eq!(effective(&world, "containerInsights").await, "enabled");
    let made = ann.ecs("CreateCluster", json!({ "clusterName": "a" })).await.ok();
    assert_eq!(
        made["cluster"]["settings"],
        json!([{ "name": "containerInsights", "value": "enhanced" }])
    );
    let made = world.ecs("CreateCluster", json!({ "clusterName": "b" })).await.ok();
    assert_eq!(
        made["cluster"]["settings"],
        json!([{ "name": "containerInsights", "value": "enabled" }])
    );
    let deleted = ann
        .ecs("DeleteAccountSetting", json!({ "name": "containerInsights" }))
        .await
        .ok();
    assert_eq!(
        deleted["setting"]["value"], "enabled",
        "the account's value holds again"
    );
    assert_eq!(effective(&ann, "containerInsights").await, "enabled");
    assert_eq!(
        effective(&world.within("eu-west-1"), "containerInsights").await,
        "disabled"
    );
}

#[tokio::test]
async fn only_the_root_user_sets_for_others() {
    let world = World::new();
    let keys = world
        .user(
            "ann",
            json!([{ "Effect": "Allow", "Action": "ecs:*", "Resource": "*" }]),
        )
        .await;
    let ann = world.acting(keys);
    let put = |principal: &str| json!({ "name": "awsvpcTrunking", "value": "enabled", "principalArn": principal });
    let refused = ann.ecs("PutAccountSetting", put(ROOT)).await.error();
    assert_eq!(refused.0, "ClientException");
    let refused = ann.ecs("PutAccountSetting", put("nobody")).await.error();
    assert_eq!(refused.0, "InvalidParameterException");
    world
        .ecs("PutAccountSetting", put("arn:aws:iam::000000000000:user/ann"))
        .await
        .ok();
    assert_eq!(effective(&ann, "awsvpcTrunking").await, "enabled");
    assert_eq!(effective(&world, "awsvpcTrunking").await, "disabled");
    // AWS: documented; nobody else says how long Fargate waits before it retires tasks.
    let wait = json!({ "name": "fargateTaskRetirementWaitPeriod", "value": "14" });
    let refused = ann.ecs("PutAccountSetting", wait.clone()).await.error();
    assert_eq!(refused.0, "ClientException");
    world.ecs("PutAccountSetting", wait).await.ok();
    assert_eq!(effective(&ann, "fargateTaskRetirementWaitPeriod").await, "14");
}

#[tokio::test]
async fn values_that_a_setting_cannot_have_are_refused_in_awss_words() {
    let world = World::new();
    let check = async |name: &str, value: &str, begins: &str| {
        for operation in ["PutAccountSetting", "PutAccountSettingDefault"] {
            let (code, message) = world
                .ecs(operation, json!({ "name": name, "value": value }))
                .await
                .error();
            assert_eq!(code, "InvalidParameterException");
            assert!(message.starts_with(begins), "{name}={value}: {message}");
        }
    };
    check("taskLongArnFormat", "ENABLED", "Invalid setting 'value'").await;
    check("fargateTaskRetirementWaitPeriod", "8", "Invalid setting 'value'").await;
    check(
        "taskLongArnFormat",
        "disabled",
        "You can no longer disable Long Arn settings",
    )
    .await;
    check(
        "colour",
        "blue",
        "colour should be one of [serviceLongArnFormat,taskLongArnFormat,",
    )
    .await;
    check("guardDutyActivate", "on", "guardDutyActivate").await;
}

#[tokio::test]
async fn tags_at_creation_need_permission_unless_the_account_turned_that_off() {
    let world = World::new();
    let statements = json!([
        { "Effect": "Allow", "Action": ["ecs:CreateCluster", "ecs:RegisterTaskDefinition"], "Resource": "*" },
        { "Effect": "Allow", "Action": "ecs:TagResource", "Resource": "*",
          "Condition": { "StringEquals": { "ecs:CreateAction": "RegisterTaskDefinition" } } }
    ]);
    let ann = world.acting(world.user("ann", statements).await);
    let tags = json!([{ "key": "team", "value": "red" }]);
    let tagged = json!({ "clusterName": "demo", "tags": tags });
    let (code, message) = ann.ecs("CreateCluster", tagged.clone()).await.error();
    assert_eq!(code, "AccessDeniedException");
    assert!(message.contains("ecs:TagResource"), "{message}");
    ann.ecs("CreateCluster", json!({ "clusterName": "plain" })).await.ok();
    let mut definition = crate::world::definition("web", json!([crate::world::container("main")]));
    definition["tags"] = tags;
    ann.ecs("RegisterTaskDefinition", definition).await.ok();
    world
        .ecs(
            "PutAccountSettingDefault",
            json!({ "name": "tagResourceAuthorization", "value": "off" }),
        )
        .await
        .ok();
    ann.ecs("CreateCluster", tagged).await.ok();
}

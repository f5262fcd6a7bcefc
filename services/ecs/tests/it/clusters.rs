//! Clusters: made, described, tagged, deleted.

use serde_json::{Value, json};

use crate::world::{World, between};

#[tokio::test]
async fn a_new_cluster_is_active_and_counts_nothing() {
    let world = World::new();
    let cluster = world.ecs("CreateCluster", json!({ "clusterName": "demo" })).await.ok()["cluster"].clone();
    assert_eq!(cluster["clusterArn"], "arn:aws:ecs:us-east-1:000000000000:cluster/demo");
    assert_eq!(cluster["status"], "ACTIVE");
    for count in [
        "registeredContainerInstancesCount",
        "runningTasksCount",
        "pendingTasksCount",
        "activeServicesCount",
    ] {
        assert_eq!(cluster[count], 0, "{count}");
    }
}

#[tokio::test]
async fn a_cluster_without_a_name_is_called_default() {
    let world = World::new();
    let cluster = world.ecs("CreateCluster", json!({})).await.ok();
    assert_eq!(cluster["cluster"]["clusterName"], "default");
    assert_eq!(
        world.ecs("DescribeClusters", json!({})).await.ok()["clusters"][0]["clusterName"],
        "default"
    );
}

#[tokio::test]
async fn the_same_name_again_answers_the_same_cluster() {
    let world = World::new();
    world
        .ecs(
            "CreateCluster",
            json!({ "clusterName": "demo", "tags": [{ "key": "a", "value": "b" }] }),
        )
        .await
        .ok();
    let again = world.ecs("CreateCluster", json!({ "clusterName": "demo" })).await.ok();
    assert_eq!(
        again["cluster"]["tags"],
        json!([]),
        "tags that were not sent are not answered"
    );
    let other = json!({ "clusterName": "demo", "tags": [{ "key": "a", "value": "c" }] });
    let refused = world.ecs("CreateCluster", other).await.error();
    assert_eq!(
        refused.1,
        "Arguments on this idempotent request are inconsistent with arguments used in previous request(s)."
    );
    let seen = json!({ "clusters": ["demo"], "include": ["TAGS"] });
    assert_eq!(
        world.ecs("DescribeClusters", seen).await.ok()["clusters"][0]["tags"],
        json!([{ "key": "a", "value": "b" }])
    );
    assert_eq!(
        world.ecs("ListClusters", json!({})).await.ok()["clusterArns"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

#[tokio::test]
async fn what_was_not_asked_for_comes_back_as_empty_lists() {
    let world = World::new();
    world
        .ecs(
            "CreateCluster",
            json!({ "clusterName": "demo", "tags": [{ "key": "a", "value": "b" }] }),
        )
        .await
        .ok();
    let plain = world
        .ecs("DescribeClusters", json!({ "clusters": ["demo"] }))
        .await
        .ok()["clusters"][0]
        .clone();
    assert_eq!(
        (&plain["tags"], &plain["settings"], &plain["statistics"]),
        (&json!([]), &json!([]), &json!([]))
    );
    assert_eq!(plain.get("attachments"), None);
    let include = json!(["TAGS", "SETTINGS", "STATISTICS", "ATTACHMENTS"]);
    let full = world
        .ecs("DescribeClusters", json!({ "clusters": ["demo"], "include": include }))
        .await
        .ok();
    let full = &full["clusters"][0];
    assert_eq!(full["tags"], json!([{ "key": "a", "value": "b" }]));
    assert_eq!(
        full["settings"],
        json!([{ "name": "containerInsights", "value": "disabled" }])
    );
    assert_eq!(full["statistics"].as_array().unwrap().len(), 16);
    assert_eq!(full["attachments"], json!([]));
}

#[tokio::test]
async fn an_unknown_cluster_is_a_failure_not_an_error() {
    let world = World::new();
    let answer = world
        .ecs("DescribeClusters", json!({ "clusters": ["nobody"] }))
        .await
        .ok();
    assert_eq!(answer["clusters"], json!([]));
    let arn = "arn:aws:ecs:us-east-1:000000000000:cluster/nobody";
    assert_eq!(answer["failures"], json!([{ "arn": arn, "reason": "MISSING" }]));
    world.ecs("CreateCluster", json!({ "clusterName": "demo" })).await.ok();
    let twice = json!({ "clusters": ["demo", "nobody", "demo"], "include": ["BOGUS"] });
    let answer = world.ecs("DescribeClusters", twice).await.ok();
    assert_eq!(
        answer["clusters"].as_array().unwrap().len(),
        1,
        "named twice, answered once"
    );
    assert_eq!(answer["failures"], json!([{ "arn": arn, "reason": "MISSING" }]));
    let error = world.ecs("DeleteCluster", json!({ "cluster": "nobody" })).await.error();
    assert_eq!(error, ("ClusterNotFoundException".into(), "Cluster not found.".into()));
}

#[tokio::test]
async fn a_deleted_cluster_is_described_as_inactive_not_listed_and_not_used() {
    let world = World::new();
    world.ecs("CreateCluster", json!({ "clusterName": "demo" })).await.ok();
    assert_eq!(
        world.ecs("DeleteCluster", json!({ "cluster": "demo" })).await.ok()["cluster"]["status"],
        "INACTIVE"
    );
    let described = world
        .ecs("DescribeClusters", json!({ "clusters": ["demo"] }))
        .await
        .ok();
    assert_eq!(described["clusters"][0]["status"], "INACTIVE");
    let arn = &described["clusters"][0]["clusterArn"];
    let error = world
        .ecs("ListTagsForResource", json!({ "resourceArn": arn }))
        .await
        .error();
    let text = "The specified cluster is inactive. Specify an active cluster and try again.";
    assert_eq!(error, ("InvalidParameterException".into(), text.into()));
    assert_eq!(
        world.ecs("ListClusters", json!({})).await.ok()["clusterArns"],
        json!([])
    );
    let error = world.ecs("ListTasks", json!({ "cluster": "demo" })).await.error();
    assert_eq!(error, ("ClientException".into(), "Cluster was not ACTIVE.".into()));
    let revived = world.ecs("CreateCluster", json!({ "clusterName": "demo" })).await.ok();
    assert_eq!(revived["cluster"]["status"], "ACTIVE");
}

#[tokio::test]
async fn a_cluster_with_tasks_cannot_be_deleted() {
    let world = World::new();
    let subnet = world.cluster_and_definition().await;
    let task = world.run_task(&subnet, json!({})).await;
    world.pass(2).await;
    let error = world.ecs("DeleteCluster", json!({ "cluster": "demo" })).await.error();
    let text = "The Cluster cannot be deleted while Tasks are active.";
    assert_eq!(error, ("ClusterContainsTasksException".into(), text.into()));
    world
        .ecs("StopTask", json!({ "cluster": "demo", "task": task["taskArn"] }))
        .await
        .ok();
    world.pass(60).await;
    world.ecs("DeleteCluster", json!({ "cluster": "demo" })).await.ok();
}

#[tokio::test]
async fn clusters_are_listed_in_pages_that_join_without_gap() {
    let world = World::new();
    for name in ["a", "b", "c", "d", "e"] {
        world.ecs("CreateCluster", json!({ "clusterName": name })).await.ok();
    }
    let mut names = Vec::new();
    let mut token = Value::Null;
    loop {
        let page = world
            .ecs("ListClusters", json!({ "maxResults": 2, "nextToken": token }))
            .await
            .ok();
        names.extend(page["clusterArns"].as_array().unwrap().clone());
        match page.get("nextToken") {
            Some(next) => token = next.clone(),
            None => break,
        }
    }
    let ends: Vec<String> = names
        .iter()
        .map(|arn| arn.as_str().unwrap().rsplit('/').next().unwrap().to_owned())
        .collect();
    assert_eq!(ends, ["a", "b", "c", "d", "e"]);
    let altered = world
        .ecs("ListClusters", json!({ "nextToken": "0000000000000000aa" }))
        .await
        .error();
    assert_eq!(altered.0, "InvalidParameterException");
}

#[tokio::test]
async fn regions_do_not_see_each_others_clusters() {
    let world = World::new();
    world.ecs("CreateCluster", json!({ "clusterName": "demo" })).await.ok();
    let elsewhere = world.within("eu-west-1");
    assert_eq!(
        elsewhere.ecs("ListClusters", json!({})).await.ok()["clusterArns"],
        json!([])
    );
    let arn = "arn:aws:ecs:us-east-1:000000000000:cluster/demo";
    let answer = elsewhere
        .ecs("DescribeClusters", json!({ "clusters": [arn] }))
        .await
        .ok();
    assert_eq!(answer["clusters"], json!([]));
    assert_eq!(answer["failures"], json!([{ "arn": arn, "reason": "MISSING" }]));
    let error = elsewhere.ecs("ListTasks", json!({ "cluster": arn })).await.error();
    assert_eq!(error.0, "ClusterNotFoundException");
}

#[tokio::test]
async fn settings_are_changed_and_checked() {
    let world = World::new();
    let tagged = json!({ "clusterName": "demo", "tags": [{ "key": "a", "value": "b" }] });
    world.ecs("CreateCluster", tagged).await.ok();
    let on = json!({ "cluster": "demo", "settings": [{ "name": "containerInsights", "value": "enabled" }] });
    let changed = world.ecs("UpdateClusterSettings", on).await.ok();
    assert_eq!(changed["cluster"]["settings"][0]["value"], "enabled");
    assert_eq!(
        changed["cluster"]["tags"],
        json!([]),
        "a change does not answer the tags"
    );
    let changed = world.ecs("UpdateCluster", json!({ "cluster": "demo" })).await.ok();
    assert_eq!(changed["cluster"]["tags"], json!([]));
    let nobody = json!({ "cluster": "nobody", "settings": [{ "name": "containerInsights", "value": "maybe" }] });
    assert_eq!(
        world.ecs("UpdateClusterSettings", nobody).await.error(),
        ("ClusterNotFoundException".into(), "Cluster not found.".into())
    );
    let wrong = json!({ "cluster": "demo", "settings": [{ "name": "containerInsights", "value": "maybe" }] });
    assert_eq!(
        world.ecs("UpdateClusterSettings", wrong).await.error().0,
        "InvalidParameterException"
    );
}

#[tokio::test]
async fn tags_are_added_replaced_and_taken_away() {
    let world = World::new();
    let arn = "arn:aws:ecs:us-east-1:000000000000:cluster/demo";
    world
        .ecs(
            "CreateCluster",
            json!({ "clusterName": "demo", "tags": [{ "key": "a", "value": "1" }] }),
        )
        .await
        .ok();
    let more = json!([{ "key": "a", "value": "2" }, { "key": "b", "value": "" }]);
    assert_eq!(
        world
            .ecs("TagResource", json!({ "resourceArn": arn, "tags": more }))
            .await
            .ok(),
        json!({})
    );
    assert_eq!(
        world
            .ecs("ListTagsForResource", json!({ "resourceArn": arn }))
            .await
            .ok()["tags"],
        more
    );
    world
        .ecs("UntagResource", json!({ "resourceArn": arn, "tagKeys": ["a"] }))
        .await
        .ok();
    let left = world
        .ecs("ListTagsForResource", json!({ "resourceArn": arn }))
        .await
        .ok();
    assert_eq!(left["tags"], json!([{ "key": "b", "value": "" }]));
    let without = json!({ "resourceArn": arn, "tags": [{ "key": "c", "value": "1" }, { "key": "d" }] });
    assert_eq!(
        world.ecs("TagResource", without).await.error(),
        ("InvalidParameterException".into(), "Tag value can not be null.".into())
    );
    let kept = world
        .ecs("ListTagsForResource", json!({ "resourceArn": arn }))
        .await
        .ok();
    assert_eq!(kept, left, "nothing is changed");
    let reserved = json!({ "resourceArn": arn, "tags": [{ "key": "AWS:x", "value": "" }] });
    assert_eq!(
        world.ecs("TagResource", reserved).await.error().0,
        "InvalidParameterException"
    );
}

#[tokio::test]
async fn a_user_without_permission_is_denied_in_awss_words_and_nothing_is_written() {
    let world = World::new();
    let keys = world
        .user(
            "alice",
            json!([{ "Effect": "Allow", "Action": "ecs:ListClusters", "Resource": "*" }]),
        )
        .await;
    let alice = world.acting(keys);
    let (code, message) = alice
        .ecs("CreateCluster", json!({ "clusterName": "demo" }))
        .await
        .error();
    assert_eq!(code, "AccessDeniedException");
    assert_eq!(
        message,
        "User: arn:aws:iam::000000000000:user/alice is not authorized to perform: ecs:CreateCluster on resource: \
         arn:aws:ecs:us-east-1:000000000000:cluster/demo because no identity-based policy allows the ecs:CreateCluster \
         action"
    );
    assert_eq!(
        alice.ecs("ListClusters", json!({})).await.ok()["clusterArns"],
        json!([])
    );
    let role = world
        .form("iam", "GetRole", &[("RoleName", "AWSServiceRoleForECS")])
        .await;
    assert_eq!(
        (role.status, between(&role.text, "<Code>", "</Code>")),
        (404, "NoSuchEntity".into())
    );
}

#[tokio::test]
async fn a_policy_may_go_by_the_tags_of_a_cluster() {
    let world = World::new();
    for (name, team) in [("ours", "red"), ("theirs", "blue")] {
        let tags = json!([{ "key": "team", "value": team }]);
        world
            .ecs("CreateCluster", json!({ "clusterName": name, "tags": tags }))
            .await
            .ok();
    }
    for key in ["aws:ResourceTag/team", "ecs:ResourceTag/team"] {
        let statement = json!([{
            "Effect": "Allow", "Action": "ecs:DescribeClusters", "Resource": "*",
            "Condition": { "StringEquals": { key: "red" } }
        }]);
        let user = if key.starts_with("aws") { "alice" } else { "bob" };
        let caller = world.acting(world.user(user, statement).await);
        caller
            .ecs("DescribeClusters", json!({ "clusters": ["ours"] }))
            .await
            .ok();
        let denied = caller
            .ecs("DescribeClusters", json!({ "clusters": ["ours", "theirs"] }))
            .await
            .error();
        assert_eq!(denied.0, "AccessDeniedException");
    }
}

#[tokio::test]
async fn attachments_are_answered_where_aws_answers_them() {
    let world = World::new();
    let named = json!({ "clusterName": "demo" });
    let call = async |operation: &str, input: Value| world.ecs(operation, input).await.ok();
    let made = call("CreateCluster", named.clone()).await;
    assert_eq!(made["cluster"].get("attachments"), None);
    assert_eq!(made["clusterCount"], 1);
    let again = call("CreateCluster", named).await;
    assert_eq!(again["cluster"].get("attachments"), None);
    let settings = json!([{ "name": "containerInsights", "value": "enabled" }]);
    for operation in ["UpdateCluster", "UpdateClusterSettings"] {
        let changed = call(operation, json!({ "cluster": "demo", "settings": settings })).await;
        assert_eq!(changed["cluster"]["attachments"], json!([]), "{operation}");
        assert_eq!(changed["cluster"]["settings"], settings);
    }
    call("CreateCluster", json!({ "clusterName": "other" })).await;
    let gone = call("DeleteCluster", json!({ "cluster": "demo" })).await;
    assert_eq!(
        (&gone["cluster"]["status"], &gone["clusterCount"]),
        (&json!("INACTIVE"), &json!(1))
    );
    assert_eq!(gone["cluster"]["settings"], settings);
    assert_eq!(gone["cluster"].get("attachments"), None);
    let again = call("DeleteCluster", json!({ "cluster": "demo" })).await;
    assert_eq!(again["cluster"]["attachments"], json!([]));
}

//! Service deployments: stopped with and without a return, and what a revision knows of its images.

use serde_json::{Value, json};

use crate::services::{Stage, invalid};

impl Stage {
    async fn deployment_of(&self, arn: &Value) -> Value {
        let input = json!({ "serviceDeploymentArns": [arn] });
        self.world.ecs("DescribeServiceDeployments", input).await.ok()["serviceDeployments"][0].clone()
    }

    async fn images(&self) -> Value {
        let arn = self.service().await["currentServiceRevisions"][0]["arn"].clone();
        let input = json!({ "serviceRevisionArns": [arn] });
        self.world.ecs("DescribeServiceRevisions", input).await.ok()["serviceRevisions"][0]["containerImages"].clone()
    }
}

#[tokio::test]
async fn a_service_deployment_that_is_aborted_leaves_everything_as_it_is() {
    let stage = Stage::new().await;
    stage.create(1, json!({})).await;
    stage.world.pass(8).await;
    let before = stage.tasks("RUNNING").await;
    stage.register("simulated/fail-pull").await;
    stage.update(json!({ "taskDefinition": "web" })).await;
    stage.world.pass(2).await;
    let arn = stage.service().await["currentServiceDeployment"].clone();
    let stop = |kind: &str| json!({ "serviceDeploymentArn": arn, "stopType": kind });
    let stopped = stage.world.ecs("StopServiceDeployment", stop("ABORT")).await.ok();
    assert_eq!(stopped["serviceDeploymentArn"], arn);
    let one = stage.deployment_of(&arn).await;
    assert_eq!(one["status"], "STOPPED");
    assert!(one["stoppedAt"].is_number() && one.get("rollback").is_none());
    let tried = stage.tasks("STOPPED").await.len();
    stage.world.pass(120).await;
    assert_eq!(stage.tasks("STOPPED").await.len(), tried, "nothing more is started");
    assert_eq!(stage.tasks("RUNNING").await, before);
    let again = stage.world.ecs("StopServiceDeployment", stop("ABORT")).await.error();
    assert_eq!(again.0, "ConflictException");
    stage.register("simulated/run:v3").await;
    stage.update(json!({ "taskDefinition": "web" })).await;
    stage.world.pass(12).await;
    let seen = stage.service().await;
    assert_eq!(
        seen["deployments"].as_array().unwrap().len(),
        1,
        "an update goes on from there"
    );
    assert_eq!(seen["deployments"][0]["rolloutState"], "COMPLETED");
}

#[tokio::test]
async fn a_service_deployment_that_rolls_back_may_be_asked_to_again() {
    let stage = Stage::new().await;
    stage.create(1, json!({})).await;
    stage.world.pass(8).await;
    stage.register("simulated/fail-pull").await;
    stage.update(json!({ "taskDefinition": "web" })).await;
    stage.world.pass(1).await;
    let arn = stage.service().await["currentServiceDeployment"].clone();
    let stop = json!({ "serviceDeploymentArn": arn, "stopType": "ROLLBACK" });
    stage.world.ecs("StopServiceDeployment", stop.clone()).await.ok();
    let back_to = stage.service().await["deployments"][0].clone();
    let id = back_to["id"].as_str().unwrap();
    assert_eq!(
        back_to["rolloutStateReason"],
        format!("ECS deployment {id} in progress.")
    );
    let said = format!("(service web) rolling back to deployment {id}.");
    assert_eq!(stage.said().await.last(), Some(&said));
    assert_eq!(stage.deployment_of(&arn).await["status"], "ROLLBACK_IN_PROGRESS");
    stage.world.ecs("StopServiceDeployment", stop).await.ok();
    stage.world.pass(3).await;
    assert_eq!(stage.deployment_of(&arn).await["status"], "ROLLBACK_SUCCESSFUL");
}

#[tokio::test]
async fn no_service_deployment_waits_at_a_hook() {
    let stage = Stage::new().await;
    stage.create(0, json!({})).await;
    let input = json!({ "cluster": "demo", "service": "web" });
    let listed = stage.world.ecs("ListServiceDeployments", input).await.ok();
    let arn = listed["serviceDeployments"][0]["serviceDeploymentArn"]
        .as_str()
        .unwrap();
    let go_on = async |arn: &str| {
        let input = json!({ "serviceDeploymentArn": arn, "hookId": "h" });
        stage.world.ecs("ContinueServiceDeployment", input).await.error()
    };
    let waits = "The service deployment has no lifecycle hook h that awaits an action.";
    assert_eq!(go_on(arn).await, invalid(waits));
    let unknown = arn.rsplit_once('/').unwrap().0.to_owned() + "/AAAAAAAAAAAAAAAAAAAAA";
    assert_eq!(go_on(&unknown).await.0, "ServiceDeploymentNotFoundException");
}

#[tokio::test]
async fn a_revision_knows_the_digests_of_its_images_once_they_were_pulled() {
    let stage = Stage::new().await;
    stage.create(1, json!({})).await;
    let image = json!([{ "containerName": "main", "image": "simulated/run" }]);
    assert_eq!(stage.images().await, image, "before a pull");
    stage.world.pass(8).await;
    let task = stage.world.task(&stage.tasks("RUNNING").await[0]).await;
    let digest = task["containers"][0]["imageDigest"].as_str().unwrap();
    let expected = json!([{ "containerName": "main", "image": "simulated/run", "imageDigest": digest }]);
    assert_eq!(stage.images().await, expected);
    stage.update(json!({ "forceNewDeployment": true })).await;
    assert_eq!(stage.images().await, image, "a new revision knows nothing yet");
}

#[tokio::test]
async fn a_grace_period_is_not_negative() {
    let stage = Stage::new().await;
    let negative = json!({ "healthCheckGracePeriodSeconds": -1 });
    assert_eq!(stage.refused(0, negative.clone()).await.0, "InvalidParameterException");
    stage.create(0, json!({})).await;
    assert_eq!(stage.update_refused(negative).await.0, "InvalidParameterException");
}

//! Services: what is asked, refused, answered and described.

use serde_json::{Value, json};

use crate::world::{World, between, container, definition};

pub const SERVICE: &str = "arn:aws:ecs:us-east-1:000000000000:service/demo/web";

/// A world with a cluster, a definition and a subnet, in which services can be made.
pub struct Stage {
    pub world: World,
    pub subnet: String,
}

impl Stage {
    pub async fn new() -> Self {
        let world = World::new();
        let subnet = world.cluster_and_definition().await;
        Self { world, subnet }
    }

    /// The request for a service `web`.
    pub fn request(&self, desired: i32, more: &Value) -> Value {
        let mut input = json!({
            "cluster": "demo", "serviceName": "web", "taskDefinition": "web", "launchType": "FARGATE",
            "desiredCount": desired, "networkConfiguration": { "awsvpcConfiguration": { "subnets": [self.subnet] } }
        });
        for (name, value) in more.as_object().unwrap() {
            if value.is_null() {
                input.as_object_mut().unwrap().remove(name);
            } else {
                input[name] = value.clone();
            }
        }
        input
    }

    /// Makes the service `web`.
    pub async fn create(&self, desired: i32, more: Value) -> Value {
        self.world.ecs("CreateService", self.request(desired, &more)).await.ok()["service"].clone()
    }

    /// Code and message of a service that is refused.
    pub async fn refused(&self, desired: i32, more: Value) -> (String, String) {
        self.world
            .ecs("CreateService", self.request(desired, &more))
            .await
            .error()
    }

    pub async fn update(&self, more: Value) -> Value {
        self.world.ecs("UpdateService", named(more)).await.ok()["service"].clone()
    }

    pub async fn update_refused(&self, more: Value) -> (String, String) {
        self.world.ecs("UpdateService", named(more)).await.error()
    }

    pub async fn service(&self) -> Value {
        let input = json!({ "cluster": "demo", "services": ["web"], "include": ["TAGS"] });
        self.world.ecs("DescribeServices", input).await.ok()["services"][0].clone()
    }

    pub async fn delete(&self, force: bool) -> Value {
        self.world
            .ecs("DeleteService", named(json!({ "force": force })))
            .await
            .ok()["service"]
            .clone()
    }

    /// The messages, oldest first.
    pub async fn said(&self) -> Vec<String> {
        let mut said: Vec<String> = self.service().await["events"]
            .as_array()
            .unwrap()
            .iter()
            .map(|event| event["message"].as_str().unwrap().to_owned())
            .collect();
        said.reverse();
        said
    }

    /// ARNs of the service's tasks that shall run, or shall stop.
    pub async fn tasks(&self, desired: &str) -> Vec<String> {
        let input = json!({ "cluster": "demo", "serviceName": "web", "desiredStatus": desired });
        let listed = self.world.ecs("ListTasks", input).await.ok();
        listed["taskArns"]
            .as_array()
            .unwrap()
            .iter()
            .map(|arn| arn.as_str().unwrap().to_owned())
            .collect()
    }

    /// A further revision of `web` that runs the image.
    pub async fn register(&self, image: &str) {
        let mut made = container("main");
        made["image"] = json!(image);
        self.world
            .ecs("RegisterTaskDefinition", definition("web", json!([made])))
            .await
            .ok();
    }
}

/// A request about the service `web`.
pub fn named(mut more: Value) -> Value {
    more["cluster"] = json!("demo");
    more["service"] = json!("web");
    more
}

pub fn invalid(message: &str) -> (String, String) {
    ("InvalidParameterException".to_owned(), message.to_owned())
}

#[tokio::test]
async fn a_new_fargate_service_is_described_as_recorded() {
    let stage = Stage::new().await;
    let made = stage.create(0, json!({})).await;
    assert_eq!(made["serviceArn"], SERVICE);
    assert_eq!(made["clusterArn"], "arn:aws:ecs:us-east-1:000000000000:cluster/demo");
    assert_eq!(
        made["taskDefinition"],
        "arn:aws:ecs:us-east-1:000000000000:task-definition/web:1"
    );
    let expected = json!({
        "serviceName": "web", "status": "ACTIVE", "desiredCount": 0, "runningCount": 0, "pendingCount": 0,
        "launchType": "FARGATE", "platformVersion": "LATEST", "platformFamily": "Linux", "loadBalancers": [],
        "serviceRegistries": [], "events": [], "placementConstraints": [], "placementStrategy": [],
        "healthCheckGracePeriodSeconds": 0, "schedulingStrategy": "REPLICA", "deploymentController": { "type": "ECS" },
        "enableECSManagedTags": false, "propagateTags": "NONE", "enableExecuteCommand": false,
        "availabilityZoneRebalancing": "ENABLED", "resourceManagementType": "CUSTOMER",
        "createdBy": "arn:aws:iam::000000000000:root",
        "roleArn": "arn:aws:iam::000000000000:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS",
        "deploymentConfiguration": {
            "deploymentCircuitBreaker": {
                "enable": false, "rollback": false,
                "resetOnHealthyTask": true, "thresholdConfiguration": { "type": "BOUNDED_PERCENT", "value": 50 }
            },
            "maximumPercent": 200, "minimumHealthyPercent": 100, "strategy": "ROLLING", "bakeTimeInMinutes": 0
        },
        "networkConfiguration": { "awsvpcConfiguration": {
            "subnets": [stage.subnet], "securityGroups": [], "assignPublicIp": "DISABLED"
        } }
    });
    for (member, value) in expected.as_object().unwrap() {
        assert_eq!(made[member], *value, "{member}");
    }
    for absent in [
        "tags",
        "currentServiceDeployment",
        "capacityProviderStrategy",
        "taskSets",
    ] {
        assert!(made.get(absent).is_none(), "{absent}");
    }
    let deployment = &made["deployments"][0];
    let id = deployment["id"].as_str().unwrap();
    let number = id.strip_prefix("ecs-svc/").unwrap();
    assert!(number.len() == 19 && number.bytes().all(|b| b.is_ascii_digit()), "{id}");
    assert_eq!(deployment["status"], "PRIMARY");
    assert_eq!(deployment["platformVersion"], "1.4.0");
    assert_eq!(deployment["rolloutState"], "IN_PROGRESS");
    assert_eq!(
        deployment["rolloutStateReason"],
        format!("ECS deployment {id} in progress.")
    );
    assert_eq!(deployment["networkConfiguration"], made["networkConfiguration"]);
    let revision = format!("arn:aws:ecs:us-east-1:000000000000:service-revision/demo/web/{number}");
    assert_eq!(
        made["currentServiceRevisions"],
        json!([{ "arn": revision, "requestedTaskCount": 0, "runningTaskCount": 0, "pendingTaskCount": 0 }])
    );
}

#[tokio::test]
async fn a_service_without_launch_type_or_strategy_is_an_ec2_service_without_a_role() {
    let stage = Stage::new().await;
    let bridge = json!({ "family": "bridge", "containerDefinitions": [{ "name": "main", "image": "simulated/run", "memory": 64 }] });
    stage.world.ecs("RegisterTaskDefinition", bridge).await.ok();
    let more = json!({ "taskDefinition": "bridge", "launchType": null, "networkConfiguration": null });
    let made = stage.create(0, more).await;
    assert_eq!(made["launchType"], "EC2");
    for absent in ["platformVersion", "platformFamily", "roleArn", "networkConfiguration"] {
        assert!(made.get(absent).is_none(), "{absent}");
    }
}

/// What a service is given at creation, each member with a value of its own, and under which name it comes back.
#[tokio::test]
async fn no_member_of_a_new_service_is_left_out() {
    let shown = [
        "serviceName",
        "taskDefinition",
        "availabilityZoneRebalancing",
        "loadBalancers",
        "serviceRegistries",
        "desiredCount",
        "launchType",
        "capacityProviderStrategy",
        "platformVersion",
        "deploymentConfiguration",
        "placementConstraints",
        "placementStrategy",
        "networkConfiguration",
        "healthCheckGracePeriodSeconds",
        "schedulingStrategy",
        "deploymentController",
        "tags",
        "enableECSManagedTags",
        "propagateTags",
        "enableExecuteCommand",
    ];
    // The cluster and the role come back as ARNs, monitoring with the revision; the token never does; the rest is
    // refused where it says anything.
    let otherwise = ["cluster", "role", "clientToken", "monitoring"];
    let refused = [
        "serviceConnectConfiguration",
        "volumeConfigurations",
        "vpcLatticeConfigurations",
    ];
    let known: Vec<&str> = shown.iter().chain(&otherwise).chain(&refused).copied().collect();
    for member in api_ecs::schema::CREATE_SERVICE_REQUEST.members {
        assert!(
            known.contains(&member.wire),
            "{} is new: show it or refuse it",
            member.wire
        );
    }
    let stage = Stage::new().await;
    let network = json!({ "awsvpcConfiguration": {
        "subnets": [stage.subnet], "securityGroups": [], "assignPublicIp": "ENABLED"
    } });
    let given = json!({
        "availabilityZoneRebalancing": "DISABLED", "loadBalancers": [], "serviceRegistries": [], "platformVersion": "1.4.0",
        "deploymentConfiguration": {
            "maximumPercent": 150, "minimumHealthyPercent": 50, "bakeTimeInMinutes": 0, "strategy": "ROLLING",
            "deploymentCircuitBreaker": {
                "enable": true, "rollback": true,
                "resetOnHealthyTask": false, "thresholdConfiguration": { "type": "COUNT", "value": 7 }
            },
            "alarms": { "enable": false, "rollback": false, "alarmNames": [] }
        },
        "placementConstraints": [{ "type": "distinctInstance" }],
        "placementStrategy": [{ "type": "spread", "field": "attribute:ecs.availability-zone" }],
        "networkConfiguration": network, "healthCheckGracePeriodSeconds": 17, "schedulingStrategy": "REPLICA",
        "deploymentController": { "type": "ECS" }, "tags": [{ "key": "team", "value": "shop" }],
        "enableECSManagedTags": true, "propagateTags": "SERVICE", "enableExecuteCommand": true
    });
    let providers = json!({
        "cluster": "demo", "capacityProviders": ["FARGATE"], "defaultCapacityProviderStrategy": []
    });
    stage.world.ecs("PutClusterCapacityProviders", providers).await.ok();
    // The launch type excludes both a strategy and, as it is Fargate's, rules about instances.
    let mut asked = given.clone();
    asked["launchType"] = Value::Null;
    asked["capacityProviderStrategy"] = json!([{ "capacityProvider": "FARGATE", "weight": 1 }]);
    stage.create(0, asked).await;
    let seen = stage.service().await;
    for (member, value) in given.as_object().unwrap() {
        assert_eq!(seen[member], *value, "{member}");
    }
    for member in shown {
        let is_there = seen.get(member).is_some();
        assert!(is_there || member == "launchType", "{member}");
    }
    let asked = [
        json!({ "volumeConfigurations": [{ "name": "v" }] }),
        json!({ "vpcLatticeConfigurations": [{ "roleArn": "arn:x", "targetGroupArn": "arn:y", "portName": "p" }] }),
        json!({ "serviceConnectConfiguration": { "enabled": true } }),
    ];
    for mut more in asked {
        more["serviceName"] = json!("other");
        assert_eq!(
            stage.refused(0, more.clone()).await.0,
            "UnsupportedFeatureException",
            "{more}"
        );
    }
}

#[tokio::test]
async fn everything_given_at_creation_comes_back() {
    let stage = Stage::new().await;
    let providers =
        json!({ "cluster": "demo", "capacityProviders": ["FARGATE"], "defaultCapacityProviderStrategy": [] });
    stage.world.ecs("PutClusterCapacityProviders", providers).await.ok();
    let given = json!({
        "launchType": null,
        "capacityProviderStrategy": [{ "capacityProvider": "FARGATE", "weight": 1 }],
        "deploymentConfiguration": {
            "maximumPercent": 150, "minimumHealthyPercent": 50,
            "deploymentCircuitBreaker": { "enable": true, "rollback": true }
        },
        "availabilityZoneRebalancing": "DISABLED", "healthCheckGracePeriodSeconds": 17, "enableECSManagedTags": true,
        "enableExecuteCommand": true, "propagateTags": "SERVICE", "platformVersion": "1.4.0",
        "placementConstraints": [{ "type": "distinctInstance" }],
        "placementStrategy": [{ "type": "binpack", "field": "cpu" }],
        "tags": [{ "key": "team", "value": "shop" }],
        "loadBalancers": [], "serviceRegistries": [], "vpcLatticeConfigurations": []
    });
    stage.create(0, given).await;
    let seen = stage.service().await;
    assert_eq!(
        seen["capacityProviderStrategy"],
        json!([{ "capacityProvider": "FARGATE", "weight": 1, "base": 0 }])
    );
    assert!(seen.get("launchType").is_none());
    assert_eq!(seen["deploymentConfiguration"]["maximumPercent"], 150);
    assert_eq!(seen["deploymentConfiguration"]["minimumHealthyPercent"], 50);
    let breaker = &seen["deploymentConfiguration"]["deploymentCircuitBreaker"];
    assert_eq!((&breaker["enable"], &breaker["rollback"]), (&json!(true), &json!(true)));
    assert_eq!(seen["availabilityZoneRebalancing"], "DISABLED");
    assert_eq!(seen["healthCheckGracePeriodSeconds"], 17);
    assert_eq!(seen["enableECSManagedTags"], true);
    assert_eq!(seen["enableExecuteCommand"], true);
    assert_eq!(seen["propagateTags"], "SERVICE");
    assert_eq!(seen["platformVersion"], "1.4.0");
    assert_eq!(seen["placementConstraints"], json!([{ "type": "distinctInstance" }]));
    assert_eq!(
        seen["placementStrategy"],
        json!([{ "type": "binpack", "field": "CPU" }])
    );
    assert_eq!(seen["tags"], json!([{ "key": "team", "value": "shop" }]));
}

#[tokio::test]
async fn requests_are_refused_in_awss_words() {
    let stage = Stage::new().await;
    let client = |message: &str| ("ClientException".to_owned(), message.to_owned());
    let cases = [
        (json!({ "desiredCount": null }), invalid("DesiredCount is missing")),
        (
            json!({ "desiredCount": -1 }),
            invalid("DesiredCount can not be lesser than 0"),
        ),
        (
            json!({ "schedulingStrategy": "BOGUS" }),
            invalid("Scheduling strategy should be one of [REPLICA,DAEMON]"),
        ),
        (
            json!({ "deploymentConfiguration": { "maximumPercent": 0 } }),
            invalid("maximumPercent must be at least 100"),
        ),
        (
            json!({ "deploymentConfiguration": { "minimumHealthyPercent": 101 } }),
            invalid("minimumHealthyPercent must be at most 100"),
        ),
        (
            json!({ "taskDefinition": "missing" }),
            client("TaskDefinition not found."),
        ),
        (
            json!({ "networkConfiguration": null }),
            invalid("Network Configuration must be provided when networkMode 'awsvpc' is specified."),
        ),
        (
            json!({ "schedulingStrategy": "DAEMON", "networkConfiguration": null }),
            invalid("Network Configuration must be provided when networkMode 'awsvpc' is specified."),
        ),
        (
            json!({ "schedulingStrategy": "DAEMON" }),
            invalid(
                "The daemon scheduling strategy does not support a desired count for services. Remove the desired count value and try again",
            ),
        ),
        (
            json!({ "schedulingStrategy": "DAEMON", "desiredCount": null }),
            invalid(
                "The daemon scheduling strategy does not support the FARGATE launch type. Change the launch type and try again",
            ),
        ),
        (
            json!({ "clientToken": "x".repeat(37) }),
            invalid("idempotency token longer than 36."),
        ),
        (
            json!({ "networkConfiguration": { "awsvpcConfiguration": { "subnets": ["subnet-0123456789abcdef0"] } } }),
            invalid(
                "Error retrieving subnet information for [subnet-0123456789abcdef0]: The subnet ID 'subnet-0123456789abcdef0' does not exist (ErrorCode: InvalidSubnetID.NotFound)",
            ),
        ),
        (
            json!({ "cluster": "missing" }),
            ("ClusterNotFoundException".to_owned(), "Cluster not found.".to_owned()),
        ),
    ];
    for (more, expected) in cases {
        assert_eq!(stage.refused(1, more.clone()).await, expected, "{more}");
    }
    let (code, _) = stage.refused(1, json!({ "platformVersion": "9.9.9" })).await;
    assert_eq!(code, "PlatformUnknownException");
    let listed = stage.world.ecs("ListServices", json!({ "cluster": "demo" })).await.ok();
    assert_eq!(listed["serviceArns"], json!([]), "nothing was made");
}

#[tokio::test]
async fn what_this_version_lacks_is_refused_and_never_left_out() {
    let stage = Stage::new().await;
    let cases = [
        json!({ "loadBalancers": [{ "targetGroupArn": "arn:x", "containerName": "main", "containerPort": 80 }] }),
        json!({ "serviceRegistries": [{ "registryArn": "arn:x" }] }),
        json!({ "serviceConnectConfiguration": { "enabled": true } }),
        json!({ "deploymentController": { "type": "CODE_DEPLOY" } }),
        json!({ "deploymentConfiguration": { "strategy": "BLUE_GREEN" } }),
        json!({ "deploymentConfiguration": { "alarms": { "enable": true, "rollback": true, "alarmNames": ["a"] } } }),
    ];
    for more in cases {
        let (code, message) = stage.refused(1, more.clone()).await;
        assert_eq!(code, "UnsupportedFeatureException", "{more}: {message}");
    }
}

#[tokio::test]
async fn repeating_a_request_with_its_token_answers_the_service_that_is_there() {
    let stage = Stage::new().await;
    let first = stage
        .create(0, json!({ "clientToken": "t", "tags": [{ "key": "a", "value": "1" }] }))
        .await;
    let again = stage
        .create(0, json!({ "clientToken": "t", "tags": [{ "key": "b", "value": "2" }] }))
        .await;
    assert_eq!(again["createdAt"], first["createdAt"]);
    assert_eq!(again["tags"], first["tags"], "the first tags stay");
    let conflict = invalid("Creation of service was not idempotent.");
    assert_eq!(stage.refused(1, json!({ "clientToken": "t" })).await, conflict);
    assert_eq!(stage.refused(0, json!({ "clientToken": "u" })).await, conflict);
    assert_eq!(stage.refused(0, json!({})).await, conflict);
    let second = stage
        .create(0, json!({ "clientToken": "t", "serviceName": "other" }))
        .await;
    assert_eq!(second["serviceName"], "other", "a token belongs to a name");
}

#[tokio::test]
async fn an_unknown_service_is_missing_or_not_found() {
    let stage = Stage::new().await;
    stage.create(0, json!({})).await;
    let input = json!({ "cluster": "demo", "services": ["web", "missing"] });
    let answer = stage.world.ecs("DescribeServices", input).await.ok();
    assert_eq!(answer["services"].as_array().unwrap().len(), 1);
    assert!(answer["services"][0].get("tags").is_none(), "tags only when asked");
    let arn = "arn:aws:ecs:us-east-1:000000000000:service/demo/missing";
    assert_eq!(answer["failures"], json!([{ "arn": arn, "reason": "MISSING" }]));
    let not_found = ("ServiceNotFoundException".to_owned(), "Service not found.".to_owned());
    let missing = json!({ "cluster": "demo", "service": "missing" });
    assert_eq!(
        stage.world.ecs("UpdateService", missing.clone()).await.error(),
        not_found
    );
    let answer = stage.world.ecs("DeleteService", missing).await;
    assert!(
        answer.status == 400 && answer.text.contains("ServiceNotFoundException"),
        "{}",
        answer.text
    );
    let tasks = json!({ "cluster": "demo", "serviceName": "missing" });
    assert_eq!(stage.world.ecs("ListTasks", tasks).await.error(), not_found);
    let bogus = json!({ "cluster": "demo", "services": ["web"], "include": ["BOGUS"] });
    assert_eq!(
        stage.world.ecs("DescribeServices", bogus).await.error(),
        invalid("include should be one of [TAGS]")
    );
}

#[tokio::test]
async fn services_are_listed_by_page_and_filter() {
    let stage = Stage::new().await;
    for name in ["a", "b", "c"] {
        stage.create(0, json!({ "serviceName": name })).await;
    }
    let list = async |more: Value| {
        let mut input = json!({ "cluster": "demo" });
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        stage.world.ecs("ListServices", input).await
    };
    let page = list(json!({ "maxResults": 2 })).await.ok();
    assert_eq!(page["serviceArns"].as_array().unwrap().len(), 2);
    let rest = list(json!({ "maxResults": 2, "nextToken": page["nextToken"] }))
        .await
        .ok();
    assert_eq!(
        rest["serviceArns"],
        json!(["arn:aws:ecs:us-east-1:000000000000:service/demo/c"])
    );
    assert!(rest.get("nextToken").is_none());
    assert_eq!(
        list(json!({ "schedulingStrategy": "DAEMON" })).await.ok()["serviceArns"],
        json!([])
    );
    assert_eq!(
        list(json!({ "launchType": "EC2" })).await.ok()["serviceArns"],
        json!([])
    );
    assert_eq!(
        list(json!({ "launchType": "FARGATE" })).await.ok()["serviceArns"]
            .as_array()
            .unwrap()
            .len(),
        3
    );
    assert_eq!(
        list(json!({ "launchType": "BOGUS" })).await.error(),
        invalid("launch type should be one of [EC2,FARGATE,EXTERNAL,FMI,MANAGED_INSTANCES]")
    );
    assert_eq!(
        list(json!({ "maxResults": 101 })).await.error(),
        invalid("Max results can not be greater than 100")
    );
}

#[tokio::test]
async fn rebalancing_and_a_tight_maximum_do_not_go_together() {
    let stage = Stage::new().await;
    let tight = json!({ "maximumPercent": 100 });
    let made = stage
        .create(0, json!({ "serviceName": "tight", "deploymentConfiguration": tight }))
        .await;
    assert_eq!(made["availabilityZoneRebalancing"], "DISABLED");
    stage.create(0, json!({})).await;
    let refused = invalid(
        "The service couldn't be updated because Availability Zone Rebalancing does not support maximumPercent <= 100 % as deployment configuration. Update deployment configuration and try again.",
    );
    assert_eq!(
        stage.update_refused(json!({ "deploymentConfiguration": tight })).await,
        refused
    );
    let both = json!({ "deploymentConfiguration": tight, "availabilityZoneRebalancing": "DISABLED" });
    let updated = stage.update(both).await;
    assert_eq!(updated["deploymentConfiguration"]["maximumPercent"], 100);
    assert_eq!(
        updated["deploymentConfiguration"]["minimumHealthyPercent"], 100,
        "what is not given stays"
    );
    assert_eq!(
        updated["deployments"].as_array().unwrap().len(),
        1,
        "bounds make no deployment"
    );
}

#[tokio::test]
async fn updates_are_refused_in_awss_words() {
    let stage = Stage::new().await;
    stage.create(0, json!({})).await;
    let cases = [
        (
            json!({ "desiredCount": -1 }),
            invalid("Task count can not be lesser than 0"),
        ),
        (
            json!({ "taskDefinition": "missing" }),
            ("ClientException".to_owned(), "TaskDefinition not found.".to_owned()),
        ),
    ];
    for (more, expected) in cases {
        assert_eq!(stage.update_refused(more).await, expected);
    }
    let (code, _) = stage.update_refused(json!({ "platformVersion": "9.9.9" })).await;
    assert_eq!(code, "PlatformUnknownException");
}

#[tokio::test]
async fn a_scaled_service_is_deleted_only_by_force() {
    let stage = Stage::new().await;
    stage.create(1, json!({})).await;
    let input = named(json!({}));
    assert_eq!(
        stage.world.ecs("DeleteService", input).await.error(),
        invalid("The service cannot be stopped while it is scaled above 0.")
    );
    let deleted = stage.delete(true).await;
    assert_eq!(
        (&deleted["status"], &deleted["desiredCount"]),
        (&json!("DRAINING"), &json!(0))
    );
    assert!(deleted.get("currentServiceRevisions").is_none());
    assert!(deleted["deploymentConfiguration"].get("bakeTimeInMinutes").is_none());
    assert_eq!(
        stage.delete(true).await["status"],
        "DRAINING",
        "deleting again changes nothing"
    );
    let draining = invalid("Unable to Start a service that is still Draining.");
    assert_eq!(stage.refused(0, json!({})).await, draining);
    let not_active = (
        "ServiceNotActiveException".to_owned(),
        "Service was not ACTIVE.".to_owned(),
    );
    assert_eq!(stage.update_refused(json!({ "desiredCount": 1 })).await, not_active);
    let listed = stage.world.ecs("ListServices", json!({ "cluster": "demo" })).await.ok();
    assert_eq!(listed["serviceArns"], json!([]), "it is listed no more at once");
}

#[tokio::test]
async fn a_cluster_with_services_cannot_be_deleted() {
    let stage = Stage::new().await;
    stage.create(1, json!({})).await;
    stage.world.settle().await;
    let cluster = async || {
        let input = json!({ "clusters": ["demo"], "include": ["STATISTICS"] });
        stage.world.ecs("DescribeClusters", input).await.ok()["clusters"][0].clone()
    };
    let seen = cluster().await;
    assert_eq!(
        (&seen["activeServicesCount"], &seen["runningTasksCount"]),
        (&json!(1), &json!(1))
    );
    let statistic = |seen: &Value, name: &str| {
        let all = seen["statistics"].as_array().unwrap();
        all.iter().find(|one| one["name"] == name).unwrap()["value"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    assert_eq!(statistic(&seen, "activeFargateServiceCount"), "1");
    let delete = async || stage.world.ecs("DeleteCluster", json!({ "cluster": "demo" })).await;
    let (code, message) = delete().await.error();
    assert_eq!(code, "ClusterContainsServicesException");
    assert_eq!(message, "The Cluster cannot be deleted while Services are active.");
    stage.delete(true).await;
    let seen = cluster().await;
    assert_eq!(seen["activeServicesCount"], 0);
    assert_eq!(statistic(&seen, "drainingFargateServiceCount"), "1");
    let (code, _) = delete().await.error();
    assert_eq!(
        code, "ClusterContainsTasksException",
        "a draining service's tasks still keep it"
    );
    stage.world.pass(40).await;
    assert_eq!(delete().await.ok()["cluster"]["status"], "INACTIVE");
}

#[tokio::test]
async fn services_carry_tags() {
    let stage = Stage::new().await;
    stage.create(0, json!({ "tags": [{ "key": "a", "value": "1" }] })).await;
    let tag = json!({ "resourceArn": SERVICE, "tags": [{ "key": "b", "value": "2" }] });
    stage.world.ecs("TagResource", tag).await.ok();
    let untag = json!({ "resourceArn": SERVICE, "tagKeys": ["a"] });
    stage.world.ecs("UntagResource", untag).await.ok();
    let listed = stage
        .world
        .ecs("ListTagsForResource", json!({ "resourceArn": SERVICE }))
        .await
        .ok();
    assert_eq!(listed["tags"], json!([{ "key": "b", "value": "2" }]));
    assert_eq!(stage.service().await["tags"], listed["tags"]);
}

#[tokio::test]
async fn a_service_in_a_vpc_needs_the_role() {
    let stage = Stage::new().await;
    stage
        .world
        .ecs("DeleteCluster", json!({ "cluster": "demo" }))
        .await
        .ok();
    let pairs = [("RoleName", "AWSServiceRoleForECS")];
    let answer = stage.world.form("iam", "DeleteServiceLinkedRole", &pairs).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    stage.world.settle().await;
    let allowed = json!([{ "Effect": "Allow", "Action": "ecs:*", "Resource": "*" }]);
    let user = stage.world.user("dev", allowed).await;
    let world = stage.world.acting(user);
    world.ecs("CreateCluster", json!({ "clusterName": "demo" })).await.ok();
    let role = world.form("iam", "GetRole", &pairs).await;
    assert_ne!(role.status, 200, "{}", between(&role.text, "<Arn>", "</Arn>"));
    assert_eq!(
        world.ecs("CreateService", stage.request(1, &json!({}))).await.error(),
        invalid("Unable to assume the service linked role. Please verify that the ECS service linked role exists.")
    );
    let root = &stage.world;
    let made = root.ecs("CreateService", stage.request(1, &json!({}))).await.ok();
    assert_eq!(
        made["service"]["status"], "ACTIVE",
        "root may make the role, and CreateService does it"
    );
}

#[tokio::test]
async fn a_network_that_is_spelled_out_is_no_other_network() {
    let stage = Stage::new().await;
    stage.create(0, json!({})).await;
    let of = |public: &str| {
        json!({ "networkConfiguration": { "awsvpcConfiguration": {
            "subnets": [stage.subnet], "securityGroups": [], "assignPublicIp": public
        } } })
    };
    let updated = stage.update(of("DISABLED")).await;
    assert_eq!(updated["deployments"].as_array().unwrap().len(), 1);
    let updated = stage.update(of("ENABLED")).await;
    assert_eq!(updated["deployments"].as_array().unwrap().len(), 2);
}

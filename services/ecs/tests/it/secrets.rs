//! Secrets of containers: in the environment of the container that names them, read as the execution role, kept nowhere.

use roadstead_containers::Runtime as _;
use roadstead_store::Range;
use serde_json::{Value, json};

use crate::world::{World, container_with, definition};

const ROLE: &str = "arn:aws:iam::000000000000:role/execution";
const TRUST: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"Service":"ecs-tasks.amazonaws.com"}}]}"#;
const FAILED: &str =
    "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed";
const RETRIED: &str = "service call has been retried 1 time(s)";
const VALUE: &str = "correct horse battery staple";

/// A world with a cluster, a subnet and an execution role that may read everything.
struct Stage {
    world: World,
    subnet: String,
}

impl Stage {
    async fn new() -> Self {
        let world = World::new();
        let subnet = world.cluster_and_definition().await;
        let role = [("RoleName", "execution"), ("AssumeRolePolicyDocument", TRUST)];
        assert_eq!(world.form("iam", "CreateRole", &role).await.status, 200);
        let stage = Self { world, subnet };
        stage
            .may(&["ssm:GetParameters", "secretsmanager:GetSecretValue"], "*")
            .await;
        stage
    }

    /// Changes what the execution role may.
    async fn may(&self, actions: &[&str], resource: &str) {
        let document = json!({
            "Version": "2012-10-17",
            "Statement": [{ "Effect": "Allow", "Action": actions, "Resource": resource }],
        })
        .to_string();
        let pairs = [
            ("RoleName", "execution"),
            ("PolicyName", "read"),
            ("PolicyDocument", document.as_str()),
        ];
        assert_eq!(self.world.form("iam", "PutRolePolicy", &pairs).await.status, 200);
    }

    async fn parameter(&self, name: &str, value: &str) {
        let input = json!({ "Name": name, "Type": "SecureString", "Value": value });
        self.world.kept("ssm", "PutParameter", input).await.ok();
    }

    /// Makes a secret; its ARN.
    async fn secret(&self, name: &str, value: &str) -> String {
        let input = json!({ "Name": name, "SecretString": value });
        let made = self.world.kept("secretsmanager", "CreateSecret", input).await.ok();
        made["ARN"].as_str().unwrap().to_owned()
    }

    /// Runs a task of these containers; it as it is after two seconds.
    async fn run(&self, containers: Value) -> Value {
        let mut made = definition("secret", containers);
        made["executionRoleArn"] = json!(ROLE);
        self.world.ecs("RegisterTaskDefinition", made).await.ok();
        let task = self
            .world
            .run_task(&self.subnet, json!({ "taskDefinition": "secret" }))
            .await;
        self.world.pass(2).await;
        self.world.task(task["taskArn"].as_str().unwrap()).await
    }

    /// Runs a task of one container with these secrets.
    async fn run_with(&self, secrets: Value) -> Value {
        self.run(json!([container_with("main", json!({ "secrets": secrets }))]))
            .await
    }

    /// The stopped reason of a task with one secret, request ids left out.
    async fn reason(&self, from: &str) -> String {
        let task = self.run_with(json!([{ "name": "S", "valueFrom": from }])).await;
        assert_eq!(
            (&task["stopCode"], &task["lastStatus"]),
            (&json!("TaskFailedToStart"), &json!("STOPPED")),
            "{task}"
        );
        let container = &task["containers"][0];
        // AWS: recorded for log drivers; the container tells nothing.
        assert_eq!(
            (
                container.get("reason"),
                container.get("exitCode"),
                task.get("startedAt")
            ),
            (None, None, None)
        );
        let text = task["stoppedReason"].as_str().unwrap();
        match text.split_once("RequestID: ") {
            Some((before, after)) => format!("{before}RequestID: <id>, {}", after.split_once(", ").unwrap().1),
            None => text.to_owned(),
        }
    }

    /// The environment that a container of a task was made with.
    async fn environment(&self, task: &Value, container: &str) -> Vec<(String, String)> {
        let labels = [("com.amazonaws.ecs.container-name", Some(container))];
        let found = self.world.engine.list(&labels).await.unwrap();
        let arn = task["taskArn"].as_str().unwrap();
        let of_task = found
            .into_iter()
            .find(|found| found.labels["com.amazonaws.ecs.task-arn"] == arn);
        self.world.engine.spec(&of_task.unwrap().id).unwrap().env.clone()
    }
}

fn value<'a>(environment: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let mut found = environment.iter().filter(|(known, _)| known == name);
    let value = found.next().map(|(_, value)| value.as_str());
    assert!(found.next().is_none(), "{name} is there twice");
    value
}

#[tokio::test]
async fn a_container_has_its_secrets_in_its_environment_and_no_other_has_them() {
    let stage = Stage::new().await;
    stage.parameter("/app/password", VALUE).await;
    stage.parameter("plain", "p").await;
    let arn = stage.secret("app/db", r#"{"user": "root", "port": 5432}"#).await;
    let put = json!({ "SecretId": arn, "SecretString": r#"{"user": "newer", "port": 1}"# });
    stage.world.kept("secretsmanager", "PutSecretValue", put).await.ok();
    let secrets = json!([
        { "name": "BY_NAME", "valueFrom": "/app/password" },
        { "name": "BY_ARN", "valueFrom": "arn:aws:ssm:us-east-1:000000000000:parameter/app/password" },
        { "name": "PLAIN", "valueFrom": "arn:aws:ssm:us-east-1:000000000000:parameter/plain" },
        { "name": "WHOLE", "valueFrom": arn },
        { "name": "KEY", "valueFrom": format!("{arn}:user::") },
        { "name": "OLD", "valueFrom": format!("{arn}:port:AWSPREVIOUS:") },
    ]);
    let task = stage
        .run(json!([
            container_with(
                "main",
                json!({ "secrets": secrets, "environment": [{ "name": "OPEN", "value": "o" }] })
            ),
            container_with("side", json!({ "environment": [{ "name": "OPEN", "value": "o" }] })),
        ]))
        .await;
    assert_eq!(task["lastStatus"], "RUNNING", "{task}");
    let own = stage.environment(&task, "main").await;
    for (name, expected) in [
        ("BY_NAME", VALUE),
        ("BY_ARN", VALUE),
        ("PLAIN", "p"),
        ("WHOLE", r#"{"user": "newer", "port": 1}"#),
        ("KEY", "newer"),
        ("OLD", "5432"),
        ("OPEN", "o"),
    ] {
        assert_eq!(value(&own, name), Some(expected), "{name}");
    }
    let other = stage.environment(&task, "side").await;
    assert_eq!(
        (value(&other, "OPEN"), value(&other, "BY_NAME"), value(&other, "KEY")),
        (Some("o"), None, None)
    );
    // Nothing of it is told, recorded or stored.
    let described = stage
        .world
        .ecs("DescribeTaskDefinition", json!({ "taskDefinition": "secret" }))
        .await
        .text;
    assert!(!task.to_string().contains("horse") && !described.contains("horse"));
    let search = roadstead_kernel::audit::Search::newest(1000);
    let found = stage
        .world
        .installation
        .kernel
        .audit()
        .search(&search, |_| true)
        .unwrap();
    let records: Vec<_> = found.into_iter().map(|(_, record)| record).collect();
    let records = serde_json::to_string(&records).unwrap();
    assert!(records.contains("\"GetParameters\"") && !records.contains("horse"));
    let (entries, _) = stage.world.installation.store().range(Range::all()).await.unwrap();
    assert!(
        !entries
            .iter()
            .any(|entry| entry.value.windows(5).any(|part| part == b"horse"))
    );
}

#[tokio::test]
async fn they_are_read_by_a_session_of_the_execution_role_that_bears_the_tasks_id() {
    let stage = Stage::new().await;
    stage.parameter("a", "1").await;
    let task = stage
        .run_with(json!([{ "name": "A", "valueFrom": "a" }, { "name": "B", "valueFrom": "a" }]))
        .await;
    assert_eq!(task["lastStatus"], "RUNNING");
    let id = task["taskArn"].as_str().unwrap().rsplit('/').next().unwrap();
    let search = roadstead_kernel::audit::Search::newest(1000);
    let read = stage
        .world
        .installation
        .kernel
        .audit()
        .search(&search, |record| record.operation == "GetParameters")
        .unwrap();
    let [(_, record)] = read.as_slice() else {
        panic!("{read:?}")
    };
    assert_eq!(
        record.identity.arn,
        format!("arn:aws:sts::000000000000:assumed-role/execution/{id}")
    );
    assert_eq!(
        record.parameters.as_ref().unwrap(),
        &json!({ "names": ["a"], "withDecryption": true })
    );
    let environment = stage.environment(&task, "main").await;
    assert_eq!(
        (value(&environment, "A"), value(&environment, "B")),
        (Some("1"), Some("1"))
    );
}

#[tokio::test]
async fn more_parameters_than_one_call_takes_are_read_in_several() {
    let stage = Stage::new().await;
    let mut secrets = Vec::new();
    for at in 0..23 {
        stage.parameter(&format!("p{at}"), &format!("v{at}")).await;
        secrets.push(json!({ "name": format!("P{at}"), "valueFrom": format!("p{at}") }));
    }
    let task = stage.run_with(json!(secrets)).await;
    let environment = stage.environment(&task, "main").await;
    for at in 0..23 {
        assert_eq!(value(&environment, &format!("P{at}")), Some(format!("v{at}").as_str()));
    }
}

#[tokio::test]
async fn what_the_role_may_not_read_stops_the_task_in_awss_words() {
    let stage = Stage::new().await;
    stage.parameter("/app/password", VALUE).await;
    let arn = stage.secret("db", VALUE).await;
    stage.may(&["logs:PutLogEvents"], "*").await;
    let denied = |action: &str, resource: &str| {
        format!(
            "api error AccessDeniedException: User: arn:aws:sts::000000000000:assumed-role/execution/<task> is not authorized \
             to perform: {action} on resource: {resource} because no identity-based policy allows the {action} action"
        )
    };
    let without_task = |text: String| {
        let (before, after) = text.split_once("assumed-role/execution/").unwrap();
        format!("{before}assumed-role/execution/<task>{}", after.get(32..).unwrap())
    };
    let resource = "arn:aws:ssm:us-east-1:000000000000:parameter/app/password";
    assert_eq!(
        without_task(stage.reason("/app/password").await),
        format!(
            "{FAILED}: unable to retrieve secrets from ssm: {RETRIED}: operation error SSM: GetParameters, https response \
             error StatusCode: 400, RequestID: <id>, {}",
            denied("ssm:GetParameters", resource)
        )
    );
    assert_eq!(
        without_task(stage.reason(&format!("{arn}:key::")).await),
        format!(
            "{FAILED}: unable to retrieve secret from asm: {RETRIED}: failed to fetch secret {arn} from secrets manager: \
             operation error Secrets Manager: GetSecretValue, https response error StatusCode: 400, RequestID: <id>, {}",
            denied("secretsmanager:GetSecretValue", &arn)
        )
    );
}

#[tokio::test]
async fn what_is_not_there_stops_the_task_in_awss_words() {
    let stage = Stage::new().await;
    assert_eq!(
        stage.reason("/app/none").await,
        format!("{FAILED}: unable to retrieve secrets from ssm: {RETRIED}: invalid ssm parameters: /app/none")
    );
    let none = "arn:aws:secretsmanager:us-east-1:000000000000:secret:none-AbCdEf";
    assert_eq!(
        stage.reason(none).await,
        format!(
            "{FAILED}: unable to retrieve secret from asm: {RETRIED}: failed to fetch secret {none} from secrets manager: \
             operation error Secrets Manager: GetSecretValue, https response error StatusCode: 400, RequestID: <id>, \
             ResourceNotFoundException: Secrets Manager can't find the specified secret."
        )
    );
    let arn = stage.secret("db", r#"{"user": "root"}"#).await;
    let asm = format!("{FAILED}: unable to retrieve secret from asm: ");
    assert_eq!(
        stage.reason(&format!("{arn}:password::")).await,
        format!("{asm}{RETRIED}: retrieved secret from Secrets Manager did not contain json key password")
    );
    let plain = stage.secret("plain", "'x'").await;
    assert_eq!(
        stage.reason(&format!("{plain}:password::")).await,
        format!("{asm}{RETRIED}: invalid character ''' looking for beginning of value")
    );
    let wrong = format!("{arn}:password");
    assert!(stage.reason(&wrong).await.starts_with(&format!(
        "{asm}trying to retrieve secret with value {wrong} resulted in error: an invalid ARN format"
    )));
}

#[tokio::test]
async fn no_container_of_a_task_starts_when_the_secrets_of_one_are_missing() {
    let stage = Stage::new().await;
    let second = container_with("second", json!({ "secrets": [{ "name": "S", "valueFrom": "none" }] }));
    let task = stage.run(json!([container_with("first", json!({})), second])).await;
    assert_eq!(task["stopCode"], "TaskFailedToStart");
    for container in task["containers"].as_array().unwrap() {
        assert_eq!(
            (&container["lastStatus"], container.get("exitCode")),
            (&json!("STOPPED"), None),
            "{container}"
        );
    }
    let labels = [("com.amazonaws.ecs.task-definition-family", Some("secret"))];
    assert_eq!(stage.world.engine.list(&labels).await.unwrap(), []);
}

#[tokio::test]
async fn a_parameter_of_another_region_is_read_there() {
    let stage = Stage::new().await;
    let elsewhere = stage.world.within("eu-west-1");
    let input = json!({ "Name": "/a/b", "Type": "String", "Value": "west" });
    elsewhere.kept("ssm", "PutParameter", input).await.ok();
    stage.parameter("/a/b", "east").await;
    let task = stage
        .run_with(json!([
            { "name": "WEST", "valueFrom": "arn:aws:ssm:eu-west-1:000000000000:parameter/a/b" },
            { "name": "EAST", "valueFrom": "/a/b" },
        ]))
        .await;
    let environment = stage.environment(&task, "main").await;
    assert_eq!(
        (value(&environment, "WEST"), value(&environment, "EAST")),
        (Some("west"), Some("east"))
    );
}

#[tokio::test]
async fn a_role_that_tasks_may_not_assume_any_more_stops_the_task() {
    let stage = Stage::new().await;
    stage.parameter("a", "1").await;
    let mut made = definition(
        "secret",
        json!([container_with(
            "main",
            json!({ "secrets": [{ "name": "A", "valueFrom": "a" }] })
        )]),
    );
    made["executionRoleArn"] = json!(ROLE);
    stage.world.ecs("RegisterTaskDefinition", made).await.ok();
    let task = stage
        .world
        .run_task(&stage.subnet, json!({ "taskDefinition": "secret" }))
        .await;
    let trust = TRUST.replace("ecs-tasks", "ec2");
    let pairs = [("RoleName", "execution"), ("PolicyDocument", trust.as_str())];
    assert_eq!(
        stage.world.form("iam", "UpdateAssumeRolePolicy", &pairs).await.status,
        200
    );
    stage.world.pass(2).await;
    let task = stage.world.task(task["taskArn"].as_str().unwrap()).await;
    let reason = task["stoppedReason"].as_str().unwrap();
    let expected = format!("{FAILED}: ECS was unable to assume the role '{ROLE}'");
    assert!(reason.starts_with(&expected), "{reason}");
}

#[tokio::test]
async fn the_image_of_a_private_registry_is_asked_for_with_the_credentials_of_the_secret() {
    let stage = Stage::new().await;
    let arn = stage
        .secret("registry", r#"{"username": "me", "password": "pass"}"#)
        .await;
    let container = |from: &str, image: &str| {
        json!([container_with(
            "main",
            json!({ "image": image, "repositoryCredentials": { "credentialsParameter": from } })
        )])
    };
    let task = stage.run(container(&arn, "registry.example/app:1")).await;
    assert_eq!(task["lastStatus"], "RUNNING", "{task}");
    let used = stage.world.engine.credentials_for("registry.example/app:1").unwrap();
    assert_eq!((used.username.as_str(), used.password.as_str()), ("me", "pass"));
    let empty = stage.secret("empty", r#"{"username": "me"}"#).await;
    let task = stage.run(container(&empty, "registry.example/other:1")).await;
    let registry = format!("{FAILED}: unable to get registry auth from asm: {RETRIED}: asm fetching ");
    let reason = task["stoppedReason"].as_str().unwrap();
    assert!(
        reason.starts_with(&format!("{registry}authorization data: ")),
        "{reason}"
    );
    stage.may(&["ssm:GetParameters"], "*").await;
    let task = stage.run(container(&arn, "registry.example/other:1")).await;
    let reason = task["stoppedReason"].as_str().unwrap();
    assert!(
        reason.starts_with(&format!(
            "{registry}secret from the service for {arn}: operation error Secrets Manager"
        )),
        "{reason}"
    );
    assert!(stage.world.engine.credentials_for("registry.example/other:1").is_none());
}

#[tokio::test]
async fn secrets_that_no_container_can_be_given_are_refused_at_registration() {
    let world = World::new();
    let check = async |role: bool, container: Value, message: &str| {
        let mut made = definition("secret", json!([container_with("main", container)]));
        if role {
            made["executionRoleArn"] = json!(ROLE);
        }
        let (code, said) = world.ecs("RegisterTaskDefinition", made).await.error();
        assert_eq!(code, "ClientException");
        assert!(said.starts_with(message), "{said}");
    };
    let secret = |name: &str, from: &str| json!({ "name": name, "valueFrom": from });
    check(
        false,
        json!({ "secrets": [secret("A", "a")] }),
        "When you are specifying container secrets, you must also specify a value for 'executionRoleArn'.",
    )
    .await;
    let shared = "The secret name must be unique and not shared with any new or existing environment variables set on the \
                  container, such as 'A'.";
    check(true, json!({ "secrets": [secret("A", "a"), secret("A", "b")] }), shared).await;
    let both = json!({ "secrets": [secret("A", "a")], "environment": [{ "name": "A", "value": "" }] });
    check(true, both, shared).await;
    check(
        true,
        json!({ "secrets": [secret("A", "name:key::")] }),
        "The Systems Manager parameter name specified for secret A is invalid.",
    )
    .await;
}

#[tokio::test]
async fn secret_options_of_a_log_driver_are_refused_clearly() {
    let stage = Stage::new().await;
    let options = json!({ "awslogs-group": "g", "awslogs-region": "us-east-1", "awslogs-stream-prefix": "p" });
    let secrets = json!([{ "name": "A", "valueFrom": "a" }]);
    let log = json!({ "logDriver": "awslogs", "options": options, "secretOptions": secrets });
    let task = stage
        .run(json!([container_with("main", json!({ "logConfiguration": log }))]))
        .await;
    let reason = task["stoppedReason"].as_str().unwrap();
    assert!(
        reason.ends_with("logConfiguration.secretOptions is not available"),
        "{reason}"
    );
}

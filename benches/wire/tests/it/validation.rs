//! Violations of the models in AWS's words.

use std::fmt::Write as _;

use roadstead_wire::Protocol::{Ec2, Json11, Query};

use super::{read, refusal};

#[test]
fn iam_names_a_missing_member_without_a_value() {
    let refused = refusal::<api_iam::op::CreateServiceLinkedRole>(Query, "Action=CreateServiceLinkedRole");
    let text =
        "1 validation error detected: Value at 'aWSServiceName' failed to satisfy constraint: Member must not be null";
    assert_eq!(refused, ("ValidationError".to_owned(), text.to_owned()));
}

#[test]
fn iam_checks_length_before_pattern_and_shows_no_value() {
    let body = "RoleName=r&Tags.member.1.Key=&Tags.member.1.Value=v";
    let text = r"2 validation errors detected: Value at 'tags.1.member.key' failed to satisfy constraint: Member must have length greater than or equal to 1; Value at 'tags.1.member.key' failed to satisfy constraint: Member must satisfy regular expression pattern: [\p{L}\p{Z}\p{N}_.:/=+\-@]+";
    assert_eq!(refusal::<api_iam::op::TagRole>(Query, body).1, text);
}

#[test]
fn iam_reports_the_list_before_its_elements() {
    let mut body = "RoleName=r".to_owned();
    for n in 1..=51 {
        let key = if n == 51 { "bad%21".to_owned() } else { format!("k{n}") };
        write!(body, "&Tags.member.{n}.Key={key}&Tags.member.{n}.Value=v").unwrap();
    }
    let text = r"2 validation errors detected: Value at 'tags' failed to satisfy constraint: Member must have length less than or equal to 50; Value at 'tags.51.member.key' failed to satisfy constraint: Member must satisfy regular expression pattern: [\p{L}\p{Z}\p{N}_.:/=+\-@]+";
    assert_eq!(refusal::<api_iam::op::TagRole>(Query, &body).1, text);
}

#[test]
fn iam_reports_a_list_of_constrained_strings_at_the_list() {
    let body = "RoleName=r&TagKeys.member.1=good&TagKeys.member.2=bad%21&TagKeys.member.3=";
    let text = r"1 validation error detected: Value at 'tagKeys' failed to satisfy constraint: Member must satisfy constraint: [Member must have length less than or equal to 128, Member must have length greater than or equal to 1, Member must satisfy regular expression pattern: [\p{L}\p{Z}\p{N}_.:/=+\-@]+, Member must not be null]";
    assert_eq!(refusal::<api_iam::op::UntagRole>(Query, body).1, text);
}

#[test]
fn iam_lists_an_enum_in_model_order() {
    let body = "Arn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Fr&Granularity=ALL";
    let text = "1 validation error detected: Value at 'granularity' failed to satisfy constraint: Member must satisfy enum value set: [SERVICE_LEVEL, ACTION_LEVEL]";
    assert_eq!(
        refusal::<api_iam::op::GenerateServiceLastAccessedDetails>(Query, body).1,
        text
    );
}

#[test]
fn sts_shows_the_value_and_checks_the_pattern_before_the_length() {
    let body = "RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Fr&RoleSessionName=%21";
    let text = r"2 validation errors detected: Value '!' at 'roleSessionName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\w+=,.@-]*; Value '!' at 'roleSessionName' failed to satisfy constraint: Member must have length greater than or equal to 2";
    assert_eq!(
        refusal::<api_sts::op::AssumeRole>(Query, body),
        ("ValidationError".to_owned(), text.to_owned())
    );
}

#[test]
fn sts_shows_null_for_what_is_missing() {
    let body = "RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Fr";
    let text = "1 validation error detected: Value null at 'roleSessionName' failed to satisfy constraint: Member must not be null";
    assert_eq!(refusal::<api_sts::op::AssumeRole>(Query, body).1, text);
}

#[test]
fn a_length_counts_characters_and_not_bytes() {
    let role = |name: &str| format!("RoleName=r&Tags.member.1.Key=k&Tags.member.1.Value={name}");
    assert!(read::<api_iam::op::TagRole>(Query, &role(&"%C3%A4".repeat(256))).is_ok());
    assert!(read::<api_iam::op::TagRole>(Query, &role(&"%C3%A4".repeat(257))).is_err());
}

#[test]
fn violations_follow_the_model_and_not_the_body() {
    let body = r#"{"ScalableDimension":"x","ServiceNamespace":"y","ResourceId":""}"#;
    let (code, text) = refusal::<api_application_autoscaling::op::DeregisterScalableTarget>(Json11, body);
    assert_eq!(code, "ValidationException");
    let order: Vec<usize> = ["'serviceNamespace'", "'resourceId'", "'scalableDimension'"]
        .iter()
        .map(|path| text.find(path).expect(path))
        .collect();
    assert!(order.is_sorted(), "{text}");
    assert!(
        text.starts_with("3 validation errors detected: Value 'y' at 'serviceNamespace' failed"),
        "{text}"
    );
}

#[test]
fn ecs_speaks_its_own_words_and_checks_itself_what_it_has_an_order_for() {
    let body = r#"{"cluster":"c","tasks":["t"],"include":["X"]}"#;
    let text = "include should be one of [TAGS]".to_owned();
    let want = ("InvalidParameterException".to_owned(), text);
    assert_eq!(refusal::<api_ecs::op::DescribeTasks>(Json11, body), want);
    // ECS looks for the cluster before it misses the tasks, and has words of its own for launch types.
    let input = read::<api_ecs::op::DescribeTasks>(Json11, r#"{"cluster":"c"}"#).unwrap();
    assert!(input.tasks.is_empty());
    let input = read::<api_ecs::op::RunTask>(Json11, r#"{"taskDefinition":"t","launchType":"X"}"#).unwrap();
    assert_eq!(input.launch_type.unwrap().as_str(), "X");
}

#[test]
fn ec2_names_the_missing_parameter() {
    let want = (
        "MissingParameter".to_owned(),
        "The request must contain the parameter vpcId".to_owned(),
    );
    assert_eq!(refusal::<api_ec2::op::DeleteVpc>(Ec2, "Action=DeleteVpc"), want);
}

#[test]
fn a_secret_stands_in_no_message_no_log_and_no_record() {
    let body = "UserName=alice&Password=%00secret";
    let (_, text) = refusal::<api_iam::op::CreateLoginProfile>(Query, body);
    assert!(!text.contains("secret"), "{text}");
    let input = read::<api_iam::op::CreateLoginProfile>(Query, "UserName=alice&Password=hunter22").unwrap();
    assert_eq!(input.password.as_deref(), Some("hunter22"));
    assert!(!format!("{input:?}").contains("hunter22"), "{input:?}");
    let record = roadstead_wire::to_value(&input, roadstead_wire::Names::LowerFirst);
    assert_eq!(
        record,
        serde_json::json!({"userName": "alice", "password": roadstead_wire::HIDDEN})
    );
}

#[test]
fn a_pattern_that_backtracks_elsewhere_is_answered_at_once() {
    let start = std::time::Instant::now();
    let name = "a-".repeat(50_000);
    let body = format!(r#"{{"Name":"{name}!"}}"#);
    let _ = roadstead_wire::Pattern::new("", "([a-z0-9]+-?)+[a-z]").matches(&body);
    assert!(start.elapsed() < std::time::Duration::from_secs(2));
}

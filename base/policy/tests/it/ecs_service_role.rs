//! What `AmazonECSServiceRolePolicy` allows and refuses, statement by statement.

use roadstead_policy::reference::Documents;
use roadstead_policy::{Action, Document, MapContext, Outcome, Principal, Request, Resource};

const ACCOUNT: &str = "111122223333";

fn check(action: &str, resource: &str, context: &[(&str, &str)], sid: Option<&str>) {
    let document = Document::parse(include_str!("../data/AmazonECSServiceRolePolicy.json")).unwrap();
    let compiled = Documents {
        identity: vec![document],
        ..Documents::default()
    }
    .compile();
    let role = format!("arn:aws:iam::{ACCOUNT}:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS");
    let session = format!("arn:aws:sts::{ACCOUNT}:assumed-role/AWSServiceRoleForECS/ecs-service-scheduler");
    let principal = Principal::service_linked_session(session, role);
    let mut map = MapContext::new().with("aws:PrincipalAccount", ACCOUNT);
    for (key, value) in context {
        if key.ends_with("TagKeys") {
            map.set_list(*key, value.split(',').map(str::to_owned).collect());
        } else {
            map.set(*key, *value);
        }
    }
    let request = Request::new(&principal, Action::named(action), Resource::new(resource), &map).owned_by(ACCOUNT);
    let decision = compiled.decide(&request);
    assert_eq!(
        decision.statement.and_then(|statement| statement.sid()),
        sid,
        "{action} on {resource}"
    );
    let expected = if sid.is_some() {
        Outcome::Allow
    } else {
        Outcome::ImplicitDeny
    };
    assert_eq!(decision.outcome, expected, "{action} on {resource}");
}

#[test]
fn everything_ecs_does_for_its_customer_is_allowed_by_its_statement() {
    let eni = "arn:aws:ec2:us-east-1:111122223333:network-interface/eni-1";
    let group = "arn:aws:autoscaling:us-east-1:111122223333:autoScalingGroup:x:autoScalingGroupName/g";
    for (action, resource, context, sid) in [
        ("ec2:CreateNetworkInterface", eni, &[][..], "ECSTaskManagement"),
        ("ec2:DescribeInstanceEventWindows", "*", &[], "ECSTaskManagement"),
        (
            "elasticloadbalancing:RegisterTargets",
            "arn:aws:elasticloadbalancing:us-east-1:1:targetgroup/a/b",
            &[],
            "ECSTaskManagement",
        ),
        (
            "route53:GetHealthCheck",
            "arn:aws:route53:::healthcheck/x",
            &[],
            "ECSTaskManagement",
        ),
        ("autoscaling:DescribeAutoScalingGroups", "*", &[], "AutoScaling"),
        (
            "autoscaling:UpdateAutoScalingGroup",
            group,
            &[("autoscaling:ResourceTag/AmazonECSManaged", "")],
            "AutoScalingManagement",
        ),
        (
            "autoscaling-plans:CreateScalingPlan",
            "*",
            &[],
            "AutoScalingPlanManagement",
        ),
        (
            "events:DescribeRule",
            "arn:aws:events:us-east-1:1:rule/ecs-managed-x",
            &[],
            "EventBridge",
        ),
        (
            "events:PutRule",
            "arn:aws:events:us-east-1:1:rule/x",
            &[("events:ManagedBy", "ecs.amazonaws.com")],
            "EventBridgeRuleManagement",
        ),
        (
            "cloudwatch:PutMetricAlarm",
            "arn:aws:cloudwatch:us-east-1:1:alarm:a",
            &[],
            "CWAlarmManagement",
        ),
        ("ec2:CreateTags", eni, &[], "ECSTagging"),
        (
            "logs:CreateLogGroup",
            "arn:aws:logs:us-east-1:1:log-group:/aws/ecs/x",
            &[],
            "CWLogGroupManagement",
        ),
        (
            "logs:PutLogEvents",
            "arn:aws:logs:us-east-1:1:log-group:/aws/ecs/x:log-stream:y:z",
            &[],
            "CWLogStreamManagement",
        ),
        ("ssm:DescribeSessions", "*", &[], "ExecuteCommandSessionManagement"),
        (
            "ssm:StartSession",
            "arn:aws:ecs:us-east-1:1:task/c/t",
            &[],
            "ExecuteCommand",
        ),
        (
            "ssm:StartSession",
            "arn:aws:ssm:us-east-1:1:document/AmazonECS-ExecuteInteractiveCommand",
            &[],
            "ExecuteCommand",
        ),
        (
            "ssmmessages:OpenDataChannel",
            "arn:aws:ssm:us-east-1:1:session/s",
            &[("aws:ResourceAccount", ACCOUNT)],
            "OpenDataChannel",
        ),
        ("servicediscovery:CreateService", "*", &[], "CloudMapResourceCreation"),
        (
            "servicediscovery:CreateService",
            "*",
            &[("aws:TagKeys", "AmazonECSManaged")],
            "CloudMapResourceCreation",
        ),
        (
            "servicediscovery:TagResource",
            "*",
            &[("aws:RequestTag/AmazonECSManaged", "")],
            "CloudMapResourceTagging",
        ),
        (
            "servicediscovery:DeleteService",
            "*",
            &[("aws:ResourceTag/AmazonECSManaged", "true")],
            "CloudMapResourceDeletion",
        ),
        (
            "servicediscovery:DiscoverInstancesRevision",
            "*",
            &[],
            "CloudMapResourceDiscovery",
        ),
        (
            "servicediscovery:UpdateServiceAttributes",
            "*",
            &[("aws:ResourceTag/AmazonECSManaged", "true")],
            "CloudMapResourceAttributeManagement",
        ),
    ] {
        check(action, resource, context, Some(sid));
    }
}

#[test]
fn everything_else_is_refused() {
    for (action, resource, context) in [
        (
            "servicediscovery:CreateService",
            "*",
            &[("aws:TagKeys", "AmazonECSManaged,team")][..],
        ),
        ("servicediscovery:DeleteService", "*", &[]),
        ("servicediscovery:TagResource", "*", &[]),
        ("autoscaling:UpdateAutoScalingGroup", "*", &[]),
        ("autoscaling:CreateAutoScalingGroup", "*", &[]),
        ("events:PutRule", "arn:aws:events:us-east-1:1:rule/ecs-managed-x", &[]),
        (
            "events:PutRule",
            "arn:aws:events:us-east-1:1:rule/x",
            &[("events:ManagedBy", "ec2.amazonaws.com")],
        ),
        (
            "ssmmessages:OpenDataChannel",
            "arn:aws:ssm:us-east-1:1:session/s",
            &[("aws:ResourceAccount", "444455556666")],
        ),
        ("ssmmessages:OpenDataChannel", "arn:aws:ssm:us-east-1:1:session/s", &[]),
        ("ec2:RunInstances", "*", &[]),
        ("ec2:TerminateInstances", "*", &[]),
        ("ec2:CreateTags", "arn:aws:ec2:us-east-1:1:instance/i-1", &[]),
        ("elasticloadbalancing:ModifyRule", "*", &[]),
        ("elasticloadbalancing:DeleteTargetGroup", "*", &[]),
        ("route53:CreateHostedZone", "*", &[]),
        ("cloudwatch:PutMetricData", "*", &[]),
        (
            "logs:CreateLogGroup",
            "arn:aws:logs:us-east-1:1:log-group:/aws/lambda/x",
            &[],
        ),
        (
            "logs:PutLogEvents",
            "arn:aws:logs:us-east-1:1:log-group:/aws/ecs/x",
            &[],
        ),
        ("ssm:SendCommand", "*", &[]),
        (
            "ssm:StartSession",
            "arn:aws:ssm:us-east-1:1:document/SSM-SessionManagerRunShell",
            &[],
        ),
        ("ssm:StartSession", "arn:aws:ec2:us-east-1:1:instance/i-1", &[]),
        ("ecs:RunTask", "*", &[]),
        ("iam:PassRole", "*", &[]),
        ("s3:GetObject", "arn:aws:s3:::b/k", &[]),
        ("dynamodb:GetItem", "*", &[]),
    ] {
        check(action, resource, context, None);
    }
}

//! How long it takes to read and write calls: nanoseconds per call, best of five rounds; `wire-bench [PART OF A NAME]`.

use std::hint::black_box;
use std::time::Instant;

use bytes::Bytes;
use roadstead_wire::{Call, Input, Operation, Output, Protocol, Request, decode, encode};

const ROUNDS: u32 = 5;
const REQUEST_ID: &str = "0a0b0c0d-0001-4002-8003-000000000000";

fn request(media: &str, body: impl Into<Bytes>) -> Request {
    let mut headers = http::HeaderMap::new();
    if let Ok(value) = http::HeaderValue::from_str(media) {
        headers.insert(http::header::CONTENT_TYPE, value);
    }
    Request {
        method: http::Method::POST,
        uri: http::Uri::from_static("/"),
        headers,
        body: body.into(),
    }
}

fn report(name: &str, calls: u32, mut work: impl FnMut()) {
    if std::env::args().nth(1).is_some_and(|part| !name.contains(&part)) {
        return;
    }
    let mut best = u128::MAX;
    for _ in 0..ROUNDS {
        let start = Instant::now();
        for _ in 0..calls {
            work();
        }
        best = best.min(start.elapsed().as_nanos() / u128::from(calls));
    }
    println!("{name:<52} {best:>9} ns");
}

fn read<O: Operation>(name: &str, protocol: Protocol, media: &str, body: &'static str)
where
    O::Input: Input,
{
    let call = Call {
        operation: O::META,
        protocol,
    };
    let request = request(media, body);
    report(name, 100_000, || {
        black_box(decode::<O::Input>(&call, &request).is_ok());
    });
}

fn write<O: Operation>(name: &str, protocol: Protocol, output: &O::Output)
where
    O::Output: Output,
{
    let call = Call {
        operation: O::META,
        protocol,
    };
    let size = encode(&call, output, REQUEST_ID).body.len();
    let name = format!("{name}, {size} B");
    report(&name, 20_000, || {
        black_box(encode(&call, output, REQUEST_ID));
    });
}

fn service(at: usize) -> api_ecs::Service {
    let text = |what: &str| {
        Some(format!(
            "arn:aws:ecs:eu-west-1:123456789012:{what}/production/service-{at}"
        ))
    };
    let event = |n: usize| api_ecs::ServiceEvent {
        id: Some(format!("0a0b0c0d-0001-4002-8003-{n:012}")),
        created_at: Some(roadstead_core::Timestamp::from_millis(1_700_000_000_123)),
        message: Some(format!("(service service-{at}) has reached a steady state.")),
    };
    api_ecs::Service {
        service_arn: text("service"),
        service_name: Some(format!("service-{at}")),
        cluster_arn: text("cluster"),
        status: Some("ACTIVE".to_owned()),
        desired_count: Some(3),
        running_count: Some(3),
        pending_count: Some(0),
        task_definition: text("task-definition"),
        launch_type: Some(api_ecs::LaunchType::Fargate),
        events: Some((0..20).map(event).collect()),
        ..Default::default()
    }
}

fn main() {
    use Protocol::{Ec2, Json11, Query};
    let json = "application/x-amz-json-1.1";
    let form = "application/x-www-form-urlencoded; charset=utf-8";
    read::<api_ecs::op::DescribeServices>(
        "read ecs DescribeServices, 145 B",
        Json11,
        json,
        r#"{"cluster":"arn:aws:ecs:eu-west-1:123456789012:cluster/production","services":["service-one","service-two","service-three"],"include":["TAGS"]}"#,
    );
    read::<api_sts::op::GetCallerIdentity>(
        "read sts GetCallerIdentity",
        Query,
        form,
        "Action=GetCallerIdentity&Version=2011-06-15",
    );
    read::<api_iam::op::CreateRole>(
        "read iam CreateRole",
        Query,
        form,
        "Action=CreateRole&Version=2010-05-08&RoleName=my-role&Path=%2Fservice-role%2F&Description=A+role&\
         AssumeRolePolicyDocument=%7B%22Version%22%3A%222012-10-17%22%7D&Tags.member.1.Key=team&Tags.member.1.Value=a",
    );
    read::<api_ec2::op::DescribeInstances>(
        "read ec2 DescribeInstances",
        Ec2,
        form,
        "Action=DescribeInstances&Version=2016-11-15&Filter.1.Name=x&Filter.1.Value.1=a&Filter.1.Value.2=b",
    );
    let services = api_ecs::DescribeServicesResponse {
        services: Some((0..10).map(service).collect()),
        failures: Some(Vec::new()),
    };
    write::<api_ecs::op::DescribeServices>("write ecs DescribeServices, 10 services", Json11, &services);
    let identity = api_sts::GetCallerIdentityResponse {
        user_id: Some("AIDAXXXXXXXXXXXXXXXXX".to_owned()),
        account: Some("123456789012".to_owned()),
        arn: Some("arn:aws:iam::123456789012:user/alice".to_owned()),
    };
    write::<api_sts::op::GetCallerIdentity>("write sts GetCallerIdentity", Query, &identity);
}

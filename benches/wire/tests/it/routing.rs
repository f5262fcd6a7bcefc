//! Service, protocol and operation of captured requests.

use roadstead_wire::{Protocol, ServiceMeta, route};

use super::request;

static SERVICES: [&ServiceMeta; 9] = [
    &api_iam::SERVICE,
    &api_sts::SERVICE,
    &api_ecs::SERVICE,
    &api_ec2::SERVICE,
    &api_elbv2::SERVICE,
    &api_cloudwatch::SERVICE,
    &api_cloudtrail::SERVICE,
    &api_route53::SERVICE,
    &api_application_autoscaling::SERVICE,
];

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded; charset=utf-8");

#[derive(Debug, PartialEq)]
struct Place(&'static str, Protocol, String);

type Case<'a> = (&'a str, &'a str, &'a [(&'a str, &'a str)], &'a str, &'a str, Place);

fn place(method: &str, uri: &str, headers: &[(&str, &str)], body: &str, scope: Option<&str>) -> Option<Place> {
    let routed = route(&request(method, uri, headers, body), &SERVICES, scope).ok()?;
    let operation = routed
        .operation
        .map_or_else(|name| format!("?{name}"), |op| op.name.to_owned());
    Some(Place(routed.service.name, routed.protocol, operation))
}

#[test]
fn captured_requests_find_their_operation() {
    use Protocol::{Ec2, Json10, Json11, Query, RestXml, RpcV2Cbor};
    let json = |target| [("x-amz-target", target), ("content-type", "application/x-amz-json-1.1")];
    let cases: [Case; 14] = [
        (
            "POST",
            "/",
            &json("AmazonEC2ContainerServiceV20141113.ListClusters"),
            "{}",
            "ecs",
            Place("ecs", Json11, "ListClusters".into()),
        ),
        (
            "POST",
            "/",
            &json("CloudTrail_20131101.LookupEvents"),
            "{}",
            "cloudtrail",
            Place("cloudtrail", Json11, "LookupEvents".into()),
        ),
        (
            "POST",
            "/",
            &json("com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.LookupEvents"),
            "{}",
            "cloudtrail",
            Place("cloudtrail", Json11, "LookupEvents".into()),
        ),
        (
            "POST",
            "/",
            &[
                ("x-amz-target", "GraniteServiceVersion20100801.DescribeAlarms"),
                ("content-type", "application/x-amz-json-1.0"),
            ],
            "{}",
            "monitoring",
            Place("cloudwatch", Json10, "DescribeAlarms".into()),
        ),
        (
            "POST",
            "/service/GraniteServiceVersion20100801/operation/DescribeAlarms",
            &[("smithy-protocol", "rpc-v2-cbor")],
            "",
            "monitoring",
            Place("cloudwatch", RpcV2Cbor, "DescribeAlarms".into()),
        ),
        (
            "POST",
            "/",
            &[FORM],
            "Action=DescribeAlarms&Version=2010-08-01",
            "monitoring",
            Place("cloudwatch", Query, "DescribeAlarms".into()),
        ),
        (
            "POST",
            "/",
            &[FORM],
            "Action=DescribeInstances&Version=2016-11-15&Filter.1.Name=x&Filter.1.Value.1=a",
            "ec2",
            Place("ec2", Ec2, "DescribeInstances".into()),
        ),
        // Go sorts the keys.
        (
            "POST",
            "/",
            &[("content-type", "application/x-www-form-urlencoded")],
            "AWSServiceName=ecs.amazonaws.com&Action=CreateServiceLinkedRole&Version=2010-05-08",
            "iam",
            Place("iam", Query, "CreateServiceLinkedRole".into()),
        ),
        // Of repeated keys the first counts.
        (
            "POST",
            "/",
            &[FORM],
            "Action=GetCallerIdentity&Action=AssumeRole&Version=2011-06-15",
            "sts",
            Place("sts", Query, "GetCallerIdentity".into()),
        ),
        // A presigned call has everything in its address.
        (
            "GET",
            "/?Action=GetCallerIdentity&Version=2011-06-15&X-Amz-Expires=60",
            &[],
            "",
            "sts",
            Place("sts", Query, "GetCallerIdentity".into()),
        ),
        (
            "POST",
            "/",
            &[FORM],
            "Action=DescribeLoadBalancers&Version=2015-12-01",
            "elasticloadbalancing",
            Place("elbv2", Query, "DescribeLoadBalancers".into()),
        ),
        (
            "POST",
            "/2013-04-01/hostedzone",
            &[],
            "<CreateHostedZoneRequest/>",
            "route53",
            Place("route53", RestXml, "CreateHostedZone".into()),
        ),
        (
            "GET",
            "/2013-04-01/hostedzone/Z123/rrset?maxitems=5",
            &[],
            "",
            "route53",
            Place("route53", RestXml, "ListResourceRecordSets".into()),
        ),
        (
            "POST",
            "/",
            &json("AmazonEC2ContainerServiceV20141113.Nope"),
            "{}",
            "ecs",
            Place("ecs", Json11, "?Nope".into()),
        ),
    ];
    for (method, uri, headers, body, scope, want) in cases {
        assert_eq!(
            place(method, uri, headers, body, Some(scope)),
            Some(want),
            "{method} {uri} {body}"
        );
    }
}

#[test]
fn an_unsigned_call_is_routed_by_its_version_or_target() {
    let body = "Action=AssumeRoleWithWebIdentity&Version=2011-06-15";
    let want = Place("sts", Protocol::Query, "AssumeRoleWithWebIdentity".into());
    assert_eq!(place("POST", "/", &[FORM], body, None), Some(want));
    let target = [("x-amz-target", "AmazonEC2ContainerServiceV20141113.ListClusters")];
    let want = Place("ecs", Protocol::Json11, "ListClusters".into());
    assert_eq!(place("POST", "/", &target, "{}", None), Some(want));
    assert_eq!(
        place("POST", "/", &[FORM], "Action=AssumeRoleWithWebIdentity", None),
        None
    );
}

#[test]
fn classic_load_balancing_is_not_taken_for_the_second_generation() {
    let classic = request("POST", "/", &[FORM], "Action=DescribeLoadBalancers&Version=2012-06-01");
    let nowhere = route(&classic, &SERVICES, Some("elasticloadbalancing")).unwrap_err();
    assert_eq!((&*nowhere.error.code, nowhere.error.status), ("InvalidAction", 400));
    assert_eq!(nowhere.protocol, Protocol::Query);
}

#[test]
fn every_operation_routes_to_itself() {
    for service in SERVICES {
        for operation in service.operations {
            assert!(std::ptr::eq(service.operation(operation.name).unwrap(), *operation));
            if service.speaks(Protocol::RestXml) {
                let uri: String = operation
                    .uri
                    .split('/')
                    .map(|part| if part.starts_with('{') { "x" } else { part })
                    .collect::<Vec<_>>()
                    .join("/");
                let found = place(operation.method, &uri, &[], "", Some(service.signing_name));
                assert_eq!(
                    found,
                    Some(Place(service.name, Protocol::RestXml, operation.name.to_owned()))
                );
            }
        }
    }
}

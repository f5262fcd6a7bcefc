//! Requests and replies of real services, byte for byte where they were recorded.

use std::io::Write as _;

use roadstead_core::Timestamp;
use roadstead_wire::{ApiError, Call, Fault, Operation, Protocol, Response, decode, encode, encode_error};

use super::{read, request};

const ID: &str = "0a0b0c0d-0001-4002-8003-000000000000";

fn call<O: Operation>(protocol: Protocol) -> Call {
    Call {
        operation: O::META,
        protocol,
    }
}

fn text(response: &Response) -> &str {
    std::str::from_utf8(&response.body).unwrap()
}

#[test]
fn a_role_is_written_in_the_envelope_of_iam() {
    let output = api_iam::DeleteServiceLinkedRoleResponse {
        deletion_task_id: "task/aws-service-role/ecs.amazonaws.com/x".to_owned(),
    };
    let response = encode(
        &call::<api_iam::op::DeleteServiceLinkedRole>(Protocol::Query),
        &output,
        ID,
    );
    assert_eq!(
        text(&response),
        "\
<DeleteServiceLinkedRoleResponse xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\">
  <DeleteServiceLinkedRoleResult>
    <DeletionTaskId>task/aws-service-role/ecs.amazonaws.com/x</DeletionTaskId>
  </DeleteServiceLinkedRoleResult>
  <ResponseMetadata>
    <RequestId>0a0b0c0d-0001-4002-8003-000000000000</RequestId>
  </ResponseMetadata>
</DeleteServiceLinkedRoleResponse>
"
    );
    assert_eq!(response.headers["content-type"], "text/xml");
    assert_eq!(response.headers["x-amzn-requestid"], ID);
    let nothing = encode(
        &call::<api_iam::op::DeleteRole>(Protocol::Query),
        &roadstead_wire::Empty {},
        ID,
    );
    assert!(!text(&nothing).contains("DeleteRoleResult"));
    assert!(text(&nothing).contains("<ResponseMetadata>"));
}

#[test]
fn ec2_has_its_request_id_in_another_case_on_errors() {
    let ok = encode(
        &call::<api_ec2::op::DescribeVpcs>(Protocol::Ec2),
        &api_ec2::DescribeVpcsResult {
            vpcs: Some(vec![api_ec2::Vpc {
                vpc_id: Some("vpc-1".to_owned()),
                is_default: Some(true),
                tags: Some(Vec::new()),
                ..Default::default()
            }]),
            ..Default::default()
        },
        ID,
    );
    let start = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<DescribeVpcsResponse xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15\"><requestId>";
    assert!(text(&ok).starts_with(start), "{}", text(&ok));
    assert!(text(&ok).contains("<vpcSet><item>"), "{}", text(&ok));
    assert!(text(&ok).contains("<isDefault>true</isDefault>"));
    let error = ApiError::new("InvalidVpcID.NotFound", 400, "The vpc ID 'vpc-x' does not exist");
    let refused = encode_error(&api_ec2::SERVICE, Protocol::Ec2, &error, ID);
    assert_eq!(
        text(&refused),
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Response><Errors><Error><Code>InvalidVpcID.NotFound</Code>\
         <Message>The vpc ID 'vpc-x' does not exist</Message></Error></Errors><RequestID>{ID}</RequestID></Response>"
        )
    );
}

#[test]
fn a_modelled_error_has_the_code_and_status_of_its_protocol() {
    let missing = api_iam::errors::NO_SUCH_ENTITY_EXCEPTION.with("The role with name r cannot be found.");
    assert_eq!(
        (&*missing.code, missing.status, missing.fault()),
        ("NoSuchEntity", 404, Fault::Sender)
    );
    let response = encode_error(&api_iam::SERVICE, Protocol::Query, &missing, ID);
    assert_eq!(response.status, 404);
    assert_eq!(
        text(&response),
        format!(
            "\
<ErrorResponse xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\">
  <Error>
    <Type>Sender</Type>
    <Code>NoSuchEntity</Code>
    <Message>The role with name r cannot be found.</Message>
  </Error>
  <RequestId>{ID}</RequestId>
</ErrorResponse>
"
        )
    );
    let cluster = api_ecs::errors::CLUSTER_NOT_FOUND_EXCEPTION.with("Cluster not found.");
    let response = encode_error(&api_ecs::SERVICE, Protocol::Json11, &cluster, ID);
    assert_eq!(
        text(&response),
        r#"{"__type":"ClusterNotFoundException","message":"Cluster not found."}"#
    );
    assert_eq!(response.headers["content-type"], "application/x-amz-json-1.1");
    let conflict = api_ecs::errors::CONFLICT_EXCEPTION
        .with("No.")
        .field("resourceIds", vec!["a"]);
    let response = encode_error(&api_ecs::SERVICE, Protocol::Json11, &conflict, ID);
    assert_eq!(
        text(&response),
        r#"{"__type":"ConflictException","message":"No.","resourceIds":["a"]}"#
    );
}

#[test]
fn an_empty_list_is_not_an_absent_one() {
    let protocol = Protocol::Json11;
    let given =
        read::<api_ecs::op::CreateService>(protocol, r#"{"serviceName":"s","capacityProviderStrategy":[]}"#).unwrap();
    assert_eq!(given.capacity_provider_strategy, Some(Vec::new()));
    let absent =
        read::<api_ecs::op::CreateService>(protocol, r#"{"serviceName":"s","capacityProviderStrategy":null}"#).unwrap();
    assert_eq!(absent.capacity_provider_strategy, None);
    let empty = read::<api_iam::op::UpdateRole>(Protocol::Query, "RoleName=r&Description=").unwrap();
    assert_eq!(empty.description.as_deref(), Some(""));
}

#[test]
fn cloudwatch_reads_the_same_alarm_call_in_three_protocols() {
    type Describe = api_cloudwatch::op::DescribeAlarms;
    let json = read::<Describe>(Protocol::Json10, r#"{"AlarmNames":["a","b"],"MaxRecords":5}"#).unwrap();
    let form = "Action=DescribeAlarms&Version=2010-08-01&AlarmNames.member.1=a&AlarmNames.member.2=b&MaxRecords=5";
    assert_eq!(read::<Describe>(Protocol::Query, form).unwrap(), json);
    let cbor = b"\xbfjAlarmNames\x82aaabjMaxRecords\x05\xff";
    let cbor = request("POST", "/", &[("smithy-protocol", "rpc-v2-cbor")], cbor);
    assert_eq!(
        decode::<api_cloudwatch::DescribeAlarmsInput>(&call::<Describe>(Protocol::RpcV2Cbor), &cbor).unwrap(),
        json
    );
}

#[test]
fn cloudwatch_reads_the_same_metrics_compressed_and_plain() {
    type Put = api_cloudwatch::op::PutMetricData;
    let body = r#"{"Namespace":"N","MetricData":[{"MetricName":"m","Value":1.5,"Timestamp":1700000000.25}]}"#;
    let plain = read::<Put>(Protocol::Json10, body).unwrap();
    let form = "Action=PutMetricData&Version=2010-08-01&Namespace=N&MetricData.member.1.MetricName=m&\
                MetricData.member.1.Value=1.5&MetricData.member.1.Timestamp=2023-11-14T22%3A13%3A20.250Z";
    assert_eq!(read::<Put>(Protocol::Query, form).unwrap(), plain);
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gzip.write_all(body.as_bytes()).unwrap();
    let packed = request("POST", "/", &[("content-encoding", "gzip")], gzip.finish().unwrap());
    let unpacked: api_cloudwatch::PutMetricDataInput = decode(&call::<Put>(Protocol::Json10), &packed).unwrap();
    assert_eq!(unpacked, plain);
    let data = plain.metric_data.unwrap();
    assert_eq!(data[0].timestamp, Some(Timestamp::from_millis(1_700_000_000_250)));
}

#[test]
fn cloudwatch_sends_the_old_code_beside_the_new() {
    let error = api_cloudwatch::errors::RESOURCE_NOT_FOUND.with("gone");
    let response = encode_error(&api_cloudwatch::SERVICE, Protocol::Json10, &error, ID);
    let header = response.headers["x-amzn-query-error"].to_str().unwrap();
    assert_eq!(header, "ResourceNotFound;Sender");
    assert_eq!(header.split(';').count(), 2);
    let query = encode_error(&api_cloudwatch::SERVICE, Protocol::Query, &error, ID);
    assert!(query.headers.get("x-amzn-query-error").is_none());
}

#[test]
fn route_53_creates_with_201_and_a_location() {
    type Create = api_route53::op::CreateHostedZone;
    let body = "<?xml version=\"1.0\"?><CreateHostedZoneRequest xmlns=\"https://route53.amazonaws.com/doc/2013-04-01/\">\
                <Name>example.com.</Name><VPC><VPCRegion>eu-west-1</VPCRegion><VPCId>vpc-1</VPCId></VPC>\
                <CallerReference>r &amp; s</CallerReference></CreateHostedZoneRequest>";
    let call = call::<Create>(Protocol::RestXml);
    let input: api_route53::CreateHostedZoneRequest =
        decode(&call, &request("POST", "/2013-04-01/hostedzone", &[], body)).unwrap();
    assert_eq!(
        (input.name.as_str(), input.caller_reference.as_str()),
        ("example.com.", "r & s")
    );
    assert_eq!(input.vpc.unwrap().vpc_region.unwrap().as_str(), "eu-west-1");
    let output = api_route53::CreateHostedZoneResponse {
        location: "https://route53.amazonaws.com/2013-04-01/hostedzone/Z1".to_owned(),
        ..Default::default()
    };
    let response = encode(&call, &output, ID);
    assert_eq!(response.status, 201);
    assert_eq!(
        response.headers["location"],
        "https://route53.amazonaws.com/2013-04-01/hostedzone/Z1"
    );
    assert!(!text(&response).contains("Location"));
    let root = "<CreateHostedZoneResponse xmlns=\"https://route53.amazonaws.com/doc/2013-04-01/\">";
    assert!(text(&response).contains(root), "{}", text(&response));
}

#[test]
fn route_53_reads_labels_and_queries_and_checks_them() {
    type List = api_route53::op::ListResourceRecordSets;
    let call = call::<List>(Protocol::RestXml);
    let uri = "/2013-04-01/hostedzone/Z123/rrset?maxitems=5&name=a%20b&type=A";
    let input: api_route53::ListResourceRecordSetsRequest = decode(&call, &request("GET", uri, &[], "")).unwrap();
    assert_eq!(input.hosted_zone_id, "Z123");
    assert_eq!(input.max_items.as_deref(), Some("5"));
    assert_eq!(input.start_record_name.as_deref(), Some("a b"));
    let long = format!("/2013-04-01/hostedzone/{}/rrset", "Z".repeat(40));
    let error =
        decode::<api_route53::ListResourceRecordSetsRequest>(&call, &request("GET", &long, &[], "")).unwrap_err();
    assert!(
        error
            .message
            .contains("at 'hostedZoneId' failed to satisfy constraint: Member must have length less"),
        "{error}"
    );
}

#[test]
fn ec2_forms_take_their_own_names() {
    let form = "Action=DescribeInstances&Version=2016-11-15&Filter.1.Name=x&Filter.1.Value.1=a&Filter.1.Value.2=b&InstanceId.1=i-1";
    let input = read::<api_ec2::op::DescribeInstances>(Protocol::Ec2, form).unwrap();
    let filters = input.filters.unwrap();
    assert_eq!(filters[0].name.as_deref(), Some("x"));
    assert_eq!(
        filters[0].values.as_deref(),
        Some(&["a".to_owned(), "b".to_owned()][..])
    );
    assert_eq!(input.instance_ids, Some(vec!["i-1".to_owned()]));
}

#[test]
fn an_unknown_value_of_an_enum_survives() {
    let kind = api_ecs::LaunchType::from("MOON");
    assert_eq!(kind, api_ecs::LaunchType::Other("MOON".to_owned()));
    assert_eq!(kind.as_str(), "MOON");
    assert_eq!(api_ecs::LaunchType::from("FARGATE"), api_ecs::LaunchType::Fargate);
}

"""What was called, by whom and with what answer: CloudTrail."""

import datetime
import json
import signal

import pytest
from pytest import allow, refused

from roadstead import ACCOUNT, Keys

TRUST = json.dumps({
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "sts:AssumeRole"}],
})


def lookup(server, key, value, keys=None, region="us-east-1", **more):
    """All events of a lookup, page by page."""
    attributes = [{"AttributeKey": key, "AttributeValue": value}]
    pages = server.client("cloudtrail", keys, region).get_paginator("lookup_events")
    return [event for page in pages.paginate(LookupAttributes=attributes, **more) for event in page["Events"]]


def record(event):
    return json.loads(event["CloudTrailEvent"])


def names(events):
    return [event["EventName"] for event in events]


def test_a_call_is_found_by_who_made_it_and_by_what_it_made(server, user, name):
    arn, keys = user(allow("iam:CreateRole"))
    client = server.client("iam", keys)
    before = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
    answer = client.create_role(RoleName=name, AssumeRolePolicyDocument=TRUST)
    (event,) = lookup(server, "ResourceName", name)
    assert (event["EventName"], event["EventSource"], event["ReadOnly"]) == ("CreateRole", "iam.amazonaws.com", "false")
    assert (event["Username"], event["AccessKeyId"]) == (arn.split("/")[-1], keys.id)
    assert event["Resources"] == [{"ResourceType": "AWS::IAM::Role", "ResourceName": name}]
    assert before <= event["EventTime"] <= datetime.datetime.now(datetime.timezone.utc)
    told = record(event)
    assert (told["eventVersion"], told["eventID"]) == ("1.11", event["EventId"])
    assert told["requestID"] == answer["ResponseMetadata"]["RequestId"]
    assert told["userIdentity"]["arn"] == arn and told["userIdentity"]["type"] == "IAMUser"
    assert told["sourceIPAddress"] == "127.0.0.1" and told["userAgent"].startswith("Boto3/")
    assert told["responseElements"]["role"]["roleId"] == answer["Role"]["RoleId"]
    for key, value in [("Username", event["Username"]), ("AccessKeyId", keys.id), ("EventId", event["EventId"])]:
        assert [found["EventId"] for found in lookup(server, key, value)] == [event["EventId"]], key


def test_pages_follow_each_other_newest_first(server, user):
    _, keys = user(allow("iam:ListRoles"))
    iam = server.client("iam", keys)
    requests = [iam.list_roles()["ResponseMetadata"]["RequestId"] for _ in range(7)]
    found = lookup(server, "AccessKeyId", keys.id, PaginationConfig={"PageSize": 3})
    assert [record(event)["requestID"] for event in found] == requests[::-1]


def test_the_role_is_made_in_the_name_of_who_makes_the_first_cluster(own_server):
    own_server.client("ecs", region="eu-west-1").create_cluster(clusterName="demo")
    (event,) = lookup(own_server, "EventName", "CreateServiceLinkedRole")
    told = record(event)
    assert told["userIdentity"]["type"] == "Root" and told["userIdentity"]["invokedBy"] == "ecs.amazonaws.com"
    assert told["userIdentity"]["accessKeyId"] != own_server.root.id
    assert (told["sourceIPAddress"], told["userAgent"]) == ("ecs.amazonaws.com", "ecs.amazonaws.com")
    assert told["awsRegion"] == "us-east-1" and "tlsDetails" not in told
    assert told["requestParameters"]["aWSServiceName"] == "ecs.amazonaws.com"
    assert told["responseElements"]["role"]["roleName"] == "AWSServiceRoleForECS"
    assert names(lookup(own_server, "EventName", "CreateCluster", region="eu-west-1")) == ["CreateCluster"]
    assert lookup(own_server, "EventName", "CreateCluster") == []


def test_a_role_session_is_told_with_its_issuer(server, user, name):
    server.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=TRUST)
    arn = f"arn:aws:iam::{ACCOUNT}:role/{name}"
    _, keys = user(allow("sts:AssumeRole"))
    session = server.client("sts", keys).assume_role(RoleArn=arn, RoleSessionName=name + "-session")
    with refused("AccessDenied", status=403) as caught:
        server.client("iam", Keys.of(session["Credentials"])).list_users()
    (event,) = lookup(server, "Username", name + "-session")
    told = record(event)
    assert (told["errorCode"], told["errorMessage"]) == ("AccessDenied", caught.value.response["Error"]["Message"])
    assert told["requestParameters"] is None and told["responseElements"] is None
    issuer = told["userIdentity"]["sessionContext"]["sessionIssuer"]
    assert (issuer["type"], issuer["arn"], issuer["userName"]) == ("Role", arn, name)
    (assumed,) = lookup(server, "AccessKeyId", keys.id)
    assert session["Credentials"]["SecretAccessKey"] not in assumed["CloudTrailEvent"]


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL], ids=["terminated", "killed"])
def test_events_and_tokens_outlive_the_server(own_server, how):
    iam = own_server.client("iam")
    for at in range(3):
        iam.create_user(UserName=f"user{at}")
    created = {"LookupAttributes": [{"AttributeKey": "EventName", "AttributeValue": "CreateUser"}]}
    # What was looked up is written; only the last moment before a kill is not.
    first = own_server.client("cloudtrail").lookup_events(**created, MaxResults=1)
    own_server.restart(how)
    rest = own_server.client("cloudtrail").lookup_events(**created, NextToken=first["NextToken"])
    users = [record(event)["requestParameters"]["userName"] for event in first["Events"] + rest["Events"]]
    assert users == ["user2", "user1", "user0"] and "NextToken" not in rest


def test_lookups_that_make_no_sense_are_refused(server):
    client = server.client("cloudtrail")
    by = lambda key, value: {"AttributeKey": key, "AttributeValue": value}
    with refused("InvalidLookupAttributesException", status=400):
        client.lookup_events(LookupAttributes=[by("EventName", "a"), by("Username", "b")])
    with refused("InvalidTimeRangeException", status=400):
        client.lookup_events(StartTime=2, EndTime=1)
    with refused("InvalidNextTokenException", status=400):
        client.lookup_events(NextToken="a")
    assert client.lookup_events(EndTime=1)["Events"] == []


def test_the_command_line_looks_events_up(server, name):
    server.client("iam").create_user(UserName=name)
    done = server.aws(
        "cloudtrail", "lookup-events", "--lookup-attributes", f"AttributeKey=ResourceName,AttributeValue={name}"
    )
    assert done.returncode == 0, done.stderr
    assert names(json.loads(done.stdout)["Events"]) == ["CreateUser"]


def test_a_trail_is_made_shown_switched_and_deleted(server, name):
    client = server.client("cloudtrail")
    arn = client.create_trail(Name=name, S3BucketName="logs", TagsList=[{"Key": "a", "Value": "b"}])["TrailARN"]
    assert arn == f"arn:aws:cloudtrail:us-east-1:{ACCOUNT}:trail/{name}"
    with refused("TrailAlreadyExistsException", status=400):
        client.create_trail(Name=name, S3BucketName="logs")
    (trail,) = client.describe_trails(trailNameList=[name])["trailList"]
    assert (trail["TrailARN"], trail["HomeRegion"], trail["S3BucketName"]) == (arn, "us-east-1", "logs")
    client.start_logging(Name=arn)
    assert client.get_trail_status(Name=name)["IsLogging"] is True
    client.stop_logging(Name=arn)
    assert client.get_trail_status(Name=arn)["IsLogging"] is False
    client.delete_trail(Name=name)
    with refused("TrailNotFoundException", status=400):
        client.get_trail_status(Name=name)

"""The life of AWSServiceRoleForECS: made, protected, used, and deleted only when nothing needs it."""

import json
import re

import pytest
from pytest import allow, make_user, refused

from roadstead import ACCOUNT, wait_for

ROLE = "AWSServiceRoleForECS"
ARN = f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/ecs.amazonaws.com/{ROLE}"
POLICY = "arn:aws:iam::aws:policy/aws-service-role/AmazonECSServiceRolePolicy"
PROTECTED = f"Cannot perform the operation on the protected role '{ROLE}' - this role is only modifiable by AWS"
TAKEN = f"Service role name {ROLE} has been taken in this account, please try a different suffix."
DOCUMENT = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "ecs.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}


@pytest.fixture
def iam(own_server):
    return own_server.client("iam")


@pytest.fixture
def made(iam):
    return iam.create_service_linked_role(AWSServiceName="ecs.amazonaws.com", Description="mine")["Role"]


def outcome(iam, task):
    def status():
        answer = iam.get_service_linked_role_deletion_status(DeletionTaskId=task)
        return answer if answer["Status"] in ("SUCCEEDED", "FAILED") else None

    return wait_for("the deletion to end", status)


def test_the_role_is_made_as_aws_makes_it(made, iam):
    assert set(made) == {"Path", "RoleName", "RoleId", "Arn", "CreateDate", "AssumeRolePolicyDocument"}
    assert (made["Path"], made["RoleName"], made["Arn"]) == ("/aws-service-role/ecs.amazonaws.com/", ROLE, ARN)
    role = iam.get_role(RoleName=ROLE)["Role"]
    assert (role["Description"], role["MaxSessionDuration"]) == ("mine", 3600)
    assert role["AssumeRolePolicyDocument"] == DOCUMENT
    attached = iam.list_attached_role_policies(RoleName=ROLE)
    assert attached["AttachedPolicies"] == [{"PolicyName": "AmazonECSServiceRolePolicy", "PolicyArn": POLICY}]
    assert iam.list_role_policies(RoleName=ROLE)["PolicyNames"] == []
    listed = iam.list_roles(PathPrefix="/aws-service-role/")["Roles"]
    assert ROLE in [role["RoleName"] for role in listed]


def test_the_role_cannot_be_made_twice(made, iam):
    with refused("InvalidInput", TAKEN, 400):
        iam.create_service_linked_role(AWSServiceName="ecs.amazonaws.com")


def test_the_role_takes_no_suffix(iam):
    with refused("InvalidInput", "Custom suffix is not allowed for ecs.amazonaws.com", 400):
        iam.create_service_linked_role(AWSServiceName="ecs.amazonaws.com", CustomSuffix="x")


def test_a_role_of_auto_scaling_may_have_one(iam):
    role = iam.create_service_linked_role(AWSServiceName="autoscaling.amazonaws.com", CustomSuffix="x")["Role"]
    assert role["RoleName"] == "AWSServiceRoleForAutoScaling_x"


def test_a_service_that_does_not_exist_has_no_role(iam):
    with refused("InvalidInput", status=400):
        iam.create_service_linked_role(AWSServiceName="nothing.amazonaws.com")


def test_a_missing_service_name_is_told_in_awss_words(own_server):
    client = own_server.client("iam", parameter_validation=False)
    with refused(
        "ValidationError",
        "1 validation error detected: Value at 'aWSServiceName' failed to satisfy constraint: Member must not be null",
        400,
    ):
        client.create_service_linked_role()


@pytest.mark.parametrize(
    "change",
    [
        ("update_assume_role_policy", {"PolicyDocument": json.dumps(DOCUMENT)}),
        ("put_role_policy", {"PolicyName": "p", "PolicyDocument": json.dumps({"Version": "2012-10-17", "Statement": [allow("*")]})}),
        ("delete_role_policy", {"PolicyName": "absent"}),
        ("attach_role_policy", {"PolicyArn": "arn:aws:iam::aws:policy/AdministratorAccess"}),
        ("detach_role_policy", {"PolicyArn": POLICY}),
        ("put_role_permissions_boundary", {"PermissionsBoundary": "arn:aws:iam::aws:policy/AdministratorAccess"}),
        ("delete_role_permissions_boundary", {}),
        ("delete_role", {}),
    ],
    ids=lambda change: change[0],
)
def test_nobody_may_change_the_role(made, iam, change):
    operation, parameters = change
    with refused("UnmodifiableEntity", PROTECTED, 400):
        getattr(iam, operation)(RoleName=ROLE, **parameters)


def test_its_description_and_tags_may_change_and_its_duration_not(made, iam):
    role = iam.update_role_description(RoleName=ROLE, Description="other")["Role"]
    assert role["Description"] == "other" and "MaxSessionDuration" not in role
    iam.update_role(RoleName=ROLE, Description="third")
    iam.tag_role(RoleName=ROLE, Tags=[{"Key": "a", "Value": "b"}])
    role = iam.get_role(RoleName=ROLE)["Role"]
    assert (role["Description"], role["Tags"]) == ("third", [{"Key": "a", "Value": "b"}])
    iam.untag_role(RoleName=ROLE, TagKeys=["a"])
    with refused(
        "UnmodifiableEntity", f"{ROLE} is an AWS service linked role, max session duration cannot be changed.", 400
    ):
        iam.update_role(RoleName=ROLE, MaxSessionDuration=7200)


def test_not_even_an_administrator_may_assume_it(made, own_server):
    who, keys = make_user(own_server, allow("*"))
    with refused("AccessDenied", f"User: {who} is not authorized to perform: sts:AssumeRole on resource: {ARN}", 403):
        own_server.client("sts", keys).assume_role(RoleArn=ARN, RoleSessionName="me")


def test_its_policy_cannot_be_attached_to_an_ordinary_role(iam, name):
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(DOCUMENT))
    with refused("PolicyNotAttachable", "Cannot attach a Service Role Policy to a Customer Role.", 400):
        iam.attach_role_policy(RoleName=name, PolicyArn=POLICY)


def test_an_unused_role_is_deleted(made, iam):
    task = iam.delete_service_linked_role(RoleName=ROLE)["DeletionTaskId"]
    assert re.fullmatch(f"task/aws-service-role/ecs.amazonaws.com/{ROLE}/[0-9a-f]{{8}}(-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}}", task)
    assert outcome(iam, task)["Status"] == "SUCCEEDED"
    with refused("NoSuchEntity", f"The role with name {ROLE} cannot be found.", 404):
        iam.get_role(RoleName=ROLE)


def test_deletion_is_told_apart_from_what_is_no_deletion(made, iam, name):
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(DOCUMENT))
    with refused("NoSuchEntity", f"{name} exists but is not a service role.", 404):
        iam.delete_service_linked_role(RoleName=name)
    with refused("NoSuchEntity", status=404):
        iam.delete_service_linked_role(RoleName="absent")
    with refused("InvalidInput", "Invalid task id", 400):
        iam.get_service_linked_role_deletion_status(DeletionTaskId="x")
    unknown = f"task/aws-service-role/ecs.amazonaws.com/{ROLE}/00000000-0000-4000-8000-000000000000"
    with refused("NoSuchEntity", "Cannot find deletion status for given id.", 404):
        iam.get_service_linked_role_deletion_status(DeletionTaskId=unknown)


def test_clusters_in_two_regions_hold_the_role_and_are_named(own_server, iam):
    regions = {"us-east-1": ["a", "b"], "eu-central-1": ["c"]}
    arns = {
        region: {own_server.client("ecs", region=region).create_cluster(clusterName=n)["cluster"]["clusterArn"] for n in names}
        for region, names in regions.items()
    }
    before = iam.get_role(RoleName=ROLE)["Role"]
    first = iam.delete_service_linked_role(RoleName=ROLE)["DeletionTaskId"]
    answer = outcome(iam, first)
    assert (answer["Status"], answer["Reason"]["Reason"]) == ("FAILED", "Role in use.")
    usage = {usage["Region"]: set(usage["Resources"]) for usage in answer["Reason"]["RoleUsageList"]}
    assert usage == arns
    after = iam.get_role(RoleName=ROLE)["Role"]
    assert (after["RoleId"], after["CreateDate"]) == (before["RoleId"], before["CreateDate"])
    for region, names in regions.items():
        for cluster in names:
            own_server.client("ecs", region=region).delete_cluster(cluster=cluster)
    second = iam.delete_service_linked_role(RoleName=ROLE)["DeletionTaskId"]
    assert second != first
    answer = outcome(iam, second)
    assert answer["Status"] == "SUCCEEDED" and "Reason" not in answer


def test_the_next_cluster_makes_the_role_again_with_a_new_id(own_server, iam):
    ecs = own_server.client("ecs")
    ecs.create_cluster(clusterName="a")
    old = iam.get_role(RoleName=ROLE)["Role"]["RoleId"]
    ecs.delete_cluster(cluster="a")
    assert outcome(iam, iam.delete_service_linked_role(RoleName=ROLE)["DeletionTaskId"])["Status"] == "SUCCEEDED"
    ecs.create_cluster(clusterName="b")
    assert iam.get_role(RoleName=ROLE)["Role"]["RoleId"] != old

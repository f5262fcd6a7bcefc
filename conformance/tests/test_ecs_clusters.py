"""Clusters, and the role that comes with the first one."""

import pytest
from pytest import allow, make_user, refused

from roadstead import ACCOUNT, REGION

ROLE = "AWSServiceRoleForECS"
ROLE_ARN = f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/ecs.amazonaws.com/{ROLE}"


def arn(name, region=REGION):
    return f"arn:aws:ecs:{region}:{ACCOUNT}:cluster/{name}"


def test_a_cluster_lives_and_dies_as_on_aws(server, name):
    ecs = server.client("ecs")
    made = ecs.create_cluster(clusterName=name, tags=[{"key": "a", "value": "b"}])["cluster"]
    assert (made["clusterArn"], made["clusterName"], made["status"]) == (arn(name), name, "ACTIVE")
    for count in ("registeredContainerInstancesCount", "runningTasksCount", "pendingTasksCount", "activeServicesCount"):
        assert made[count] == 0
    assert arn(name) in ecs.list_clusters()["clusterArns"]
    plain = ecs.describe_clusters(clusters=[name])["clusters"][0]
    assert (plain["settings"], plain["statistics"], plain["tags"]) == ([], [], [])
    assert "attachments" not in plain
    full = ecs.describe_clusters(clusters=[arn(name)], include=["TAGS", "SETTINGS"])["clusters"][0]
    assert full["tags"] == [{"key": "a", "value": "b"}]
    assert full["settings"] == [{"name": "containerInsights", "value": "disabled"}]
    assert ecs.delete_cluster(cluster=name)["cluster"]["status"] == "INACTIVE"
    assert ecs.describe_clusters(clusters=[name])["clusters"][0]["status"] == "INACTIVE"
    assert arn(name) not in ecs.list_clusters()["clusterArns"]


def test_a_cluster_that_does_not_exist_is_a_failure_among_the_found(server, name):
    ecs = server.client("ecs")
    ecs.create_cluster(clusterName=name)
    answer = ecs.describe_clusters(clusters=[name, "none"])
    assert [cluster["clusterName"] for cluster in answer["clusters"]] == [name]
    assert answer["failures"] == [{"arn": arn("none"), "reason": "MISSING"}]
    with refused("ClusterNotFoundException", "Cluster not found.", 400):
        ecs.delete_cluster(cluster="none")


def test_a_cluster_without_a_name_is_the_default_one_and_making_it_again_changes_nothing(own_server):
    ecs = own_server.client("ecs")
    first = ecs.create_cluster()["cluster"]
    assert first["clusterName"] == "default"
    assert ecs.create_cluster(clusterName="default")["cluster"]["clusterArn"] == first["clusterArn"]
    assert ecs.list_clusters()["clusterArns"] == [arn("default")]
    assert ecs.describe_clusters()["clusters"][0]["clusterName"] == "default"


def test_regions_know_nothing_of_each_others_clusters(server, name):
    server.client("ecs", region="eu-west-1").create_cluster(clusterName=name)
    assert arn(name, "eu-west-1") in server.client("ecs", region="eu-west-1").list_clusters()["clusterArns"]
    assert server.client("ecs").describe_clusters(clusters=[name])["failures"][0]["reason"] == "MISSING"


def test_pages_of_clusters_hold_each_once(own_server):
    ecs = own_server.client("ecs")
    made = {ecs.create_cluster(clusterName=f"c{n}")["cluster"]["clusterArn"] for n in range(5)}
    pages = list(ecs.get_paginator("list_clusters").paginate(PaginationConfig={"PageSize": 2}))
    assert [len(page["clusterArns"]) for page in pages] == [2, 2, 1]
    assert {found for page in pages for found in page["clusterArns"]} == made
    assert "nextToken" not in pages[-1]


def test_tags_come_and_go(server, name):
    ecs = server.client("ecs")
    ecs.create_cluster(clusterName=name)
    ecs.tag_resource(resourceArn=arn(name), tags=[{"key": "a", "value": "1"}, {"key": "b", "value": "2"}])
    ecs.untag_resource(resourceArn=arn(name), tagKeys=["a"])
    assert ecs.list_tags_for_resource(resourceArn=arn(name))["tags"] == [{"key": "b", "value": "2"}]


def test_the_first_cluster_makes_the_role_as_the_caller(own_server):
    _, keys = make_user(own_server, allow("ecs:CreateCluster"), allow("iam:CreateServiceLinkedRole", on=ROLE_ARN))
    own_server.client("ecs", keys).create_cluster(clusterName="a")
    role = own_server.client("iam").get_role(RoleName=ROLE)["Role"]
    assert role["Arn"] == ROLE_ARN
    assert role["Description"] == "Policy to enable Amazon ECS to manage your EC2 instances and related resources."


def test_a_caller_who_may_not_make_the_role_gets_the_cluster_without_it(own_server):
    _, keys = make_user(own_server, allow("ecs:CreateCluster"))
    cluster = own_server.client("ecs", keys).create_cluster(clusterName="a")["cluster"]
    assert cluster["status"] == "ACTIVE"
    with refused("NoSuchEntity", f"The role with name {ROLE} cannot be found.", 404):
        own_server.client("iam").get_role(RoleName=ROLE)
    # With the permission, the same call makes it.
    own_server.client("ecs").create_cluster(clusterName="a")
    own_server.client("iam").get_role(RoleName=ROLE)


@pytest.mark.parametrize("condition", [
    {"Bool": {"aws:ViaAWSService": "true"}},
    {"ForAnyValue:StringEquals": {"aws:CalledVia": ["ecs.amazonaws.com"]}},
    {"StringEquals": {"iam:AWSServiceName": "ecs.amazonaws.com"}},
], ids=["via-aws-service", "called-via", "service-name"])
def test_a_condition_may_tie_the_role_to_ecs(own_server, condition):
    _, keys = make_user(
        own_server, allow("ecs:CreateCluster"), allow("iam:CreateServiceLinkedRole", Condition=condition)
    )
    if "StringEquals" not in condition:
        with refused("AccessDenied", status=403):
            own_server.client("iam", keys).create_service_linked_role(AWSServiceName="ecs.amazonaws.com")
    own_server.client("ecs", keys).create_cluster(clusterName="a")
    own_server.client("iam").get_role(RoleName=ROLE)


def test_a_denied_cluster_is_told_in_awss_words_and_not_made(server, name, user):
    who, keys = user()
    with refused(
        "AccessDeniedException",
        f"User: {who} is not authorized to perform: ecs:CreateCluster on resource: {arn(name)} because no identity-based "
        "policy allows the ecs:CreateCluster action",
        400,
    ):
        server.client("ecs", keys).create_cluster(clusterName=name)
    assert server.client("ecs").describe_clusters(clusters=[name])["clusters"] == []


def test_an_explicit_deny_wins_and_says_so(server, name, user):
    who, keys = user(allow("*"), {"Effect": "Deny", "Action": "ecs:CreateCluster", "Resource": "*"})
    with refused(
        "AccessDeniedException",
        f"User: {who} is not authorized to perform: ecs:CreateCluster on resource: {arn(name)} with an explicit deny in "
        "an identity-based policy",
        400,
    ):
        server.client("ecs", keys).create_cluster(clusterName=name)


def test_every_account_has_the_two_fargate_providers(server):
    ecs = server.client("ecs")
    answer = ecs.describe_capacity_providers(capacityProviders=["FARGATE", "FARGATE_SPOT", "none"])
    assert [provider["name"] for provider in answer["capacityProviders"]] == ["FARGATE", "FARGATE_SPOT"]
    assert {provider["status"] for provider in answer["capacityProviders"]} == {"ACTIVE"}
    missing = f"arn:aws:ecs:{REGION}:{ACCOUNT}:capacity-provider/none"
    assert answer["failures"] == [{"arn": missing, "reason": "MISSING"}]

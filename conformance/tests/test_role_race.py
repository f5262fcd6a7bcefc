"""Many clients make, use and delete the role at once: no active cluster loses it, and no session outlives its role."""

import collections
import datetime
import json
import os
import random
import threading
import time

import botocore.exceptions
from pytest import allow, make_user

from roadstead import ACCOUNT, Keys, wait_for

ROLE = "AWSServiceRoleForECS"
REGIONS = ("us-east-1", "eu-central-1")
CLUSTERS = ("a", "b")
# The ordinary run is short; `ROADSTEAD_RACE=64,3,20` is a minute with 64 clients.
THREADS, ROUNDS, SECONDS = map(int, os.environ.get("ROADSTEAD_RACE", "16,3,5").split(","))
TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "sts:AssumeRole"}],
}
LIST = json.dumps({"Version": "2012-10-17", "Statement": [allow("ecs:ListClusters")]})
# The cluster may be gone, or it may go after it was read and take the role along.
REFUSED_TASKS = {
    ("ClusterNotFoundException", "Cluster not found."),
    ("ClientException", "Cluster was not ACTIVE."),
    ("InvalidParameterException", "Unable to assume the service linked role. Please verify that the ECS service linked role exists."),
}


class Crowd:
    """What all threads share: what they did, what went wrong, and the sessions of roles that are gone."""

    def __init__(self, server):
        self.server = server
        self.outcomes, self.wrong, self.tasks, self.dead = collections.Counter(), [], [], []
        self.subnets, self.until = {}, 0.0
        for region in REGIONS:
            self.subnets[region] = server.client("ec2", region=region).describe_subnets()["Subnets"][0]["SubnetId"]
            server.client("ecs", region=region).register_task_definition(
                family="app", containerDefinitions=[{"name": "app", "image": "roadstead/busybox:latest"}], cpu="256",
                memory="512", networkMode="awsvpc", requiresCompatibilities=["FARGATE"],
            )

    def run_task(self, ecs, region, cluster):
        """A use of the role: ECS reads the subnet as the role before it answers."""
        network = {"awsvpcConfiguration": {"subnets": [self.subnets[region]]}}
        answer = ecs.run_task(cluster=cluster, taskDefinition="app", launchType="FARGATE", networkConfiguration=network)
        assert not answer["failures"], answer["failures"]
        return answer["tasks"][0]["taskArn"]


class Member:
    """One thread, with clients of its own."""

    def __init__(self, crowd, number, keys):
        server = crowd.server
        self.crowd, self.number, self.random = crowd, number, random.Random(number)
        self.iam = server.client("iam")
        self.ecs = {region: server.client("ecs", region=region) for region in REGIONS}
        # May make clusters but not the role, so its clusters may be without it; they have names of their own.
        self.limited = {region: server.client("ecs", keys, region) for region in REGIONS}
        self.sts = server.client("sts", keys)

    def attempt(self, what, call, *expected):
        """What the call gives, or None where it is refused in one of the ways expected; all else is wrong."""
        try:
            answer = call()
        except botocore.exceptions.ClientError as error:
            code, message = error.response["Error"]["Code"], error.response["Error"]["Message"]
            self.crowd.outcomes[f"{what} {code}"] += 1
            if code not in expected or error.response["ResponseMetadata"]["HTTPStatusCode"] >= 500:
                self.crowd.wrong.append(f"{what}: {code}: {message}")
            return None
        self.crowd.outcomes[what] += 1
        return answer

    def run(self):
        always = [self.make_cluster, self.make_role, self.use_role, self.live_and_die, self.haunt]
        growing = always + [self.make_cluster, self.use_role, self.delete_cluster, self.delete_role, self.limited_cluster]
        shrinking = always + [self.delete_cluster] * 12 + [self.delete_role] * 8
        try:
            while time.monotonic() < self.crowd.until:
                # Turn and turn about, so that there are often clusters and often none; some at the end.
                growth = (self.crowd.until - time.monotonic()) % 0.6 < 0.2
                self.random.choice(growing if growth else shrinking)()
        except Exception as error:  # a thread's failure must be seen by the test
            self.crowd.wrong.append(repr(error))

    def somewhere(self):
        return self.random.choice(REGIONS), self.random.choice(CLUSTERS)

    def make_cluster(self):
        region, cluster = self.somewhere()
        made = self.attempt("CreateCluster", lambda: self.ecs[region].create_cluster(clusterName=cluster))
        if made and made["cluster"]["status"] != "ACTIVE":
            self.crowd.wrong.append(f"a cluster was made {made['cluster']['status']}")

    def delete_cluster(self):
        region, cluster = self.somewhere()
        client = self.ecs[region]
        self.attempt(
            "DeleteCluster", lambda: client.delete_cluster(cluster=cluster),
            "ClusterNotFoundException", "ClusterContainsTasksException",
        )

    def limited_cluster(self):
        region, cluster = self.random.choice(REGIONS), f"limited{self.number}"
        self.attempt("CreateCluster (limited)", lambda: self.limited[region].create_cluster(clusterName=cluster))
        self.attempt("DeleteCluster (limited)", lambda: self.limited[region].delete_cluster(cluster=cluster))

    def make_role(self):
        made = self.attempt(
            "CreateServiceLinkedRole", lambda: self.iam.create_service_linked_role(AWSServiceName="ecs.amazonaws.com"),
            "InvalidInput",
        )
        assert made is None or made["Role"]["RoleName"] == ROLE

    def delete_role(self):
        begun = self.attempt(
            "DeleteServiceLinkedRole", lambda: self.iam.delete_service_linked_role(RoleName=ROLE), "NoSuchEntity"
        )
        if begun:
            self.crowd.tasks.append(begun["DeletionTaskId"])

    def use_role(self):
        region, cluster = self.somewhere()
        client = self.ecs[region]
        try:
            task = self.crowd.run_task(client, region, cluster)
        except botocore.exceptions.ClientError as error:
            code, message = error.response["Error"]["Code"], error.response["Error"]["Message"]
            self.crowd.outcomes[f"RunTask {code}"] += 1
            if (code, message) not in REFUSED_TASKS:
                self.crowd.wrong.append(f"RunTask: {code}: {message}")
            return
        self.crowd.outcomes["RunTask"] += 1
        self.attempt("StopTask", lambda: client.stop_task(cluster=cluster, task=task), "ClusterNotFoundException")

    def live_and_die(self):
        """An ordinary role whose session works while the role is there, and never after."""
        name = f"role{self.number}"
        role = self.iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]
        self.iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=LIST)
        keys = Keys.of(self.sts.assume_role(RoleArn=role["Arn"], RoleSessionName=name)["Credentials"])
        session = self.crowd.server.client("ecs", keys)
        self.attempt("ListClusters (session)", session.list_clusters)
        self.iam.delete_role_policy(RoleName=name, PolicyName="p")
        self.iam.delete_role(RoleName=name)
        self.crowd.dead.append(session)
        self.haunt(session)

    def haunt(self, session=None):
        if session is None and not self.crowd.dead:
            return
        session = session or self.random.choice(self.crowd.dead)
        refusals = ("AccessDeniedException", "UnrecognizedClientException", "InvalidClientTokenId")
        if self.attempt("ListClusters (dead session)", session.list_clusters, *refusals) is not None:
            self.crowd.wrong.append("a session of a deleted role was authorized")


def active(server, region):
    """The names of clusters that are active, without those of who may not make the role."""
    arns = server.client("ecs", region=region).list_clusters()["clusterArns"]
    return sorted(name for name in (arn.split("/")[-1] for arn in arns) if not name.startswith("limited"))


def ended(iam, task):
    """How a deletion ended."""
    def look():
        answer = iam.get_service_linked_role_deletion_status(DeletionTaskId=task)
        return answer if answer["Status"] in ("SUCCEEDED", "FAILED") else None

    return wait_for("a deletion to end", look)


def roles(iam):
    return [role["RoleName"] for role in iam.list_roles(PathPrefix="/aws-service-role/ecs.amazonaws.com/")["Roles"]]


def at_rest(crowd):
    """What must hold whenever nobody does anything."""
    server, iam = crowd.server, crowd.server.client("iam")
    assert crowd.wrong == [], "\n".join(f"{times} x {what}" for what, times in collections.Counter(crowd.wrong).items())
    for answer in [ended(iam, task) for task in crowd.tasks]:
        if answer["Status"] == "FAILED":
            assert answer["Reason"]["Reason"] == "Role in use."
            assert {usage["Region"] for usage in answer["Reason"]["RoleUsageList"]} <= set(REGIONS)
            assert all(usage["Resources"] for usage in answer["Reason"]["RoleUsageList"])
        crowd.outcomes[f"deletion {answer['Status']}"] += 1
    crowd.tasks.clear()
    for region in REGIONS:
        for cluster in active(server, region):
            crowd.outcomes["active at rest"] += 1
            assert roles(iam) == [ROLE], f"{cluster} is active in {region} and has no role"
            assert len(iam.list_attached_role_policies(RoleName=ROLE)["AttachedPolicies"]) == 1
            ecs = server.client("ecs", region=region)
            ecs.stop_task(cluster=cluster, task=crowd.run_task(ecs, region, cluster))


def events(server, region, **attribute):
    ((key, value),) = attribute.items()
    pages = server.client("cloudtrail", region=region).get_paginator("lookup_events")
    found = pages.paginate(LookupAttributes=[{"AttributeKey": key, "AttributeValue": value}])
    return [json.loads(event["CloudTrailEvent"]) for page in found for event in page["Events"]]


def moment(event):
    return datetime.datetime.fromisoformat(event["eventTime"])


def test_the_role_is_there_for_every_cluster_whatever_happens_at_once(own_server):
    crowd = Crowd(own_server)
    _, keys = make_user(own_server, allow("ecs:CreateCluster", "ecs:DeleteCluster", "sts:AssumeRole"))
    members = [Member(crowd, number, keys) for number in range(THREADS)]
    for _ in range(ROUNDS):
        crowd.until = time.monotonic() + SECONDS
        threads = [threading.Thread(target=member.run) for member in members]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        at_rest(crowd)
    # A test in which one of these never happens shows nothing.
    happened = ("deletion SUCCEEDED", "deletion FAILED", "active at rest", "RunTask", "CreateServiceLinkedRole", "ListClusters (session)")
    for outcome in happened:
        assert crowd.outcomes[outcome], (outcome, crowd.outcomes)

    # Each role of that name is used until it is deleted and never once the next is there.
    made = {
        event["responseElements"]["role"]["roleId"]: moment(event)
        for event in events(own_server, "us-east-1", EventName="CreateServiceLinkedRole") if event.get("responseElements")
    }
    assert len(made) == crowd.outcomes["deletion SUCCEEDED"] + len(roles(own_server.client("iam")))
    # Of two that were made within one second the record does not tell which was first.
    replaced = {id: min((other for other in made.values() if other > at), default=None) for id, at in made.items()}
    uses = 0
    for region in REGIONS:
        for event in events(own_server, region, EventName="DescribeSubnets"):
            issuer = event["userIdentity"].get("sessionContext", {}).get("sessionIssuer", {})
            if issuer.get("userName") == ROLE and "errorCode" not in event:
                uses += 1
                end = replaced[issuer["principalId"]]
                # The record tells whole seconds, and calls under way may be written down a moment later.
                assert end is None or moment(event) <= end + datetime.timedelta(seconds=2), event
    assert uses

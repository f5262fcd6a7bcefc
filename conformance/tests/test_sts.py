"""Who am I, and may I be somebody else: STS."""

import json

import pytest
from pytest import allow, refused

from roadstead import ACCOUNT, Keys


def trusting(principal, **more):
    statement = {"Effect": "Allow", "Principal": {"AWS": principal}, "Action": "sts:AssumeRole", **more}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.fixture
def assume(server, user, name):
    """A role that its account trusts, and what assumes it: the root user may not, a user with permission may."""
    role = server.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=trusting(f"arn:aws:iam::{ACCOUNT}:root"))["Role"]
    sts = server.client("sts", user(allow("sts:AssumeRole", on=role["Arn"]))[1])
    return role, lambda session="me", **more: sts.assume_role(RoleArn=role["Arn"], RoleSessionName=session, **more)


def test_the_root_user_is_told_who_it_is(server):
    answer = server.client("sts").get_caller_identity()
    assert (answer["Account"], answer["Arn"], answer["UserId"]) == (ACCOUNT, f"arn:aws:iam::{ACCOUNT}:root", ACCOUNT)


def test_a_user_without_policies_is_told_who_it_is(server, user):
    arn, keys = user()
    answer = server.client("sts", keys).get_caller_identity()
    assert answer["Arn"] == arn
    assert answer["UserId"].startswith("AIDA")


def test_a_role_session_is_told_who_it_is(server, name, assume):
    role, assume = assume
    answer = assume()
    session = f"arn:aws:sts::{ACCOUNT}:assumed-role/{name}/me"
    assert answer["AssumedRoleUser"] == {"AssumedRoleId": f"{role['RoleId']}:me", "Arn": session}
    identity = server.client("sts", Keys.of(answer["Credentials"])).get_caller_identity()
    assert (identity["Arn"], identity["UserId"]) == (session, f"{role['RoleId']}:me")


def test_the_root_user_may_not_be_somebody_else(server, assume):
    with refused("AccessDenied", status=403):
        server.client("sts").assume_role(RoleArn=assume[0]["Arn"], RoleSessionName="me")


def test_a_session_has_the_permissions_of_its_role_and_no_more(server, name, assume):
    iam = server.client("iam")
    policy = {"Version": "2012-10-17", "Statement": [allow("ecs:ListClusters")]}
    iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=json.dumps(policy))
    keys = Keys.of(assume[1]()["Credentials"])
    server.client("ecs", keys).list_clusters()
    with refused("AccessDeniedException", status=400):
        server.client("ecs", keys).create_cluster(clusterName=name)


def test_a_session_policy_narrows_a_session(server, name, assume):
    iam = server.client("iam")
    both = {"Version": "2012-10-17", "Statement": [allow("ecs:ListClusters", "ecs:ListTaskDefinitions")]}
    iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=json.dumps(both))
    narrow = {"Version": "2012-10-17", "Statement": [allow("ecs:ListClusters")]}
    answer = assume[1](Policy=json.dumps(narrow))
    ecs = server.client("ecs", Keys.of(answer["Credentials"]))
    ecs.list_clusters()
    with refused("AccessDeniedException") as caught:
        ecs.list_task_definitions()
    assert caught.value.response["Error"]["Message"].endswith(
        "because no session policy allows the ecs:ListTaskDefinitions action"
    )


def test_a_role_that_trusts_another_cannot_be_assumed(server, user, name):
    other, _ = user()
    arn, keys = user(allow("sts:AssumeRole"))
    role = server.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=trusting(other))["Role"]
    with refused("AccessDenied", status=403) as caught:
        server.client("sts", keys).assume_role(RoleArn=role["Arn"], RoleSessionName="me")
    message = caught.value.response["Error"]["Message"]
    assert message.startswith(f"User: {arn} is not authorized to perform: sts:AssumeRole on resource: {role['Arn']}")


def test_a_token_of_another_session_is_refused(server, assume):
    one, two = (Keys.of(assume[1](session)["Credentials"]) for session in ("one", "two"))
    for token in (two.token, None, one.token + "x"):
        with refused("InvalidClientTokenId", "The security token included in the request is invalid.", 403):
            server.client("sts", Keys(one.id, one.secret, token)).get_caller_identity()


def test_a_session_name_is_checked_with_awss_words(server):
    with refused("ValidationError", status=400) as caught:
        server.client("sts").assume_role(RoleArn=f"arn:aws:iam::{ACCOUNT}:role/none", RoleSessionName="! ")
    assert caught.value.response["Error"]["Message"] == (
        "1 validation error detected: Value '! ' at 'roleSessionName' failed to satisfy constraint: "
        "Member must satisfy regular expression pattern: [\\w+=,.@-]*"
    )


def test_a_user_may_have_a_session_of_its_own(server, user):
    arn, keys = user()
    answer = server.client("sts", keys).get_session_token()
    session = Keys.of(answer["Credentials"])
    assert session.id.startswith("ASIA")
    assert server.client("sts", session).get_caller_identity()["Arn"] == arn

"""Users, access keys and roles as far as a first day needs them."""

import json

from pytest import allow, refused

from roadstead import ACCOUNT

TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}


def test_a_user_is_made_found_listed_and_deleted(server, name):
    iam = server.client("iam")
    made = iam.create_user(UserName=name, Path="/team/")["User"]
    assert made["Arn"] == f"arn:aws:iam::{ACCOUNT}:user/team/{name}"
    assert made["UserId"].startswith("AIDA") and len(made["UserId"]) == 21
    assert iam.get_user(UserName=name)["User"]["UserId"] == made["UserId"]
    assert name in [user["UserName"] for user in iam.list_users(PathPrefix="/team/")["Users"]]
    with refused("EntityAlreadyExists", status=409):
        iam.create_user(UserName=name)
    iam.delete_user(UserName=name)
    with refused("NoSuchEntity", status=404):
        iam.get_user(UserName=name)


def test_an_access_key_works_until_it_is_disabled_or_deleted(server, name, user):
    iam = server.client("iam")
    arn, keys = user()
    who = arn.split("/")[-1]
    sts = server.client("sts", keys)
    assert sts.get_caller_identity()["Arn"] == arn
    assert [key["AccessKeyId"] for key in iam.list_access_keys(UserName=who)["AccessKeyMetadata"]] == [keys.id]
    for status, works in (("Inactive", False), ("Active", True)):
        iam.update_access_key(UserName=who, AccessKeyId=keys.id, Status=status)
        if works:
            sts.get_caller_identity()
        else:
            with refused("InvalidClientTokenId", "The security token included in the request is invalid.", 403):
                sts.get_caller_identity()
    iam.delete_access_key(UserName=who, AccessKeyId=keys.id)
    with refused("InvalidClientTokenId", status=403):
        sts.get_caller_identity()


def test_a_policy_takes_effect_at_once_and_so_does_its_removal(server, name, user):
    iam = server.client("iam")
    arn, keys = user()
    who, ecs = arn.split("/")[-1], server.client("ecs", keys)
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allow("ecs:ListClusters")]})
    iam.put_user_policy(UserName=who, PolicyName="p", PolicyDocument=policy)
    ecs.list_clusters()
    iam.delete_user_policy(UserName=who, PolicyName="p")
    with refused("AccessDeniedException"):
        ecs.list_clusters()


def test_a_role_is_shown_as_aws_shows_it(server, name):
    iam = server.client("iam")
    made = iam.create_role(
        RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST), Description="d", Tags=[{"Key": "a", "Value": "b"}]
    )["Role"]
    assert "Description" not in made and "MaxSessionDuration" not in made
    assert made["Arn"] == f"arn:aws:iam::{ACCOUNT}:role/{name}"
    assert made["RoleId"].startswith("AROA") and len(made["RoleId"]) == 21
    role = iam.get_role(RoleName=name)["Role"]
    assert role["AssumeRolePolicyDocument"] == TRUST
    assert (role["Description"], role["MaxSessionDuration"], role["Tags"]) == ("d", 3600, [{"Key": "a", "Value": "b"}])
    assert role["RoleLastUsed"] == {}
    listed = next(r for r in iam.list_roles()["Roles"] if r["RoleName"] == name)
    assert "Tags" not in listed and "RoleLastUsed" not in listed


def test_a_missing_role_is_answered_with_awss_words(server, name):
    with refused("NoSuchEntity", f"The role with name {name} cannot be found.", 404):
        server.client("iam").get_role(RoleName=name)


def test_the_path_of_service_linked_roles_is_reserved(server, name):
    with refused("InvalidInput", "Path prefix '/aws-service-role/' can only be used for AWS Service linked Roles", 400):
        server.client("iam").create_role(
            RoleName=name, Path="/aws-service-role/x/", AssumeRolePolicyDocument=json.dumps(TRUST)
        )


def test_a_denied_call_names_the_caller_the_action_and_the_resource(server, name, user):
    arn, keys = user()
    with refused("AccessDenied", status=403) as caught:
        server.client("iam", keys).get_role(RoleName=name)
    message = caught.value.response["Error"]["Message"]
    assert message.startswith(f"User: {arn} is not authorized to perform: iam:GetRole on resource: ")
    assert message.endswith(" because no identity-based policy allows the iam:GetRole action")


def test_every_violation_of_the_model_is_told(server):
    tags = [{"Key": "a", "Value": "b"}, {"Key": "", "Value": "b"}]
    client = server.client("iam", parameter_validation=False)
    with refused("ValidationError", status=400) as caught:
        client.create_user(UserName="x" * 65, Tags=tags)
    message = caught.value.response["Error"]["Message"]
    assert message.startswith("3 validation errors detected: "), message
    assert "Value at 'userName' failed to satisfy constraint: Member must have length less than or equal to 64" in message
    assert "Value at 'tags.2.member.key' failed to satisfy constraint: Member must have length greater than or equal to 1" in message

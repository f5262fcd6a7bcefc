"""Every operation that is mounted refuses who did not sign and who may not, and does nothing."""

import json
import os
import re

import botocore.exceptions
import botocore.session
import pytest

from roadstead import PROGRAM, run

# AWS lets every caller do these, whatever its policies say.
OPEN = {("sts", "GetCallerIdentity"), ("sts", "GetSessionToken")}
# AWS takes these without a signature: what they bring along decides, and is refused with these codes.
UNSIGNED = {("sts", "AssumeRoleWithSAML"): "InvalidIdentityToken", ("sts", "AssumeRoleWithWebIdentity"): "InvalidIdentityToken"}
MISSING = {"MissingAuthenticationToken", "MissingAuthenticationTokenException"}
DENIED = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"}
MODELS = botocore.session.get_session()

SAMPLES = [
    "name", "name-0123456789abcdef0123456789", "arn:aws:iam::000000000000:role/name", "arn:aws:iam::aws:policy/ReadOnlyAccess",
    "arn:aws:ecs:us-east-1:000000000000:cluster/name", "AKIA0123456789ABCDEF", "ecs.amazonaws.com", "/", "{}", "123456",
    "000000000000", "eipalloc-0123456789abcdef0", "2026-01-01", "v1", "01234567-89ab-4cde-8f01-23456789abcd", "us-east-1",
    "i-0123456789abcdef0", "mi-0123456789abcdef0", "mw-0123456789abcdef0", "oi-0123456789ab", "sha256:0123", "AWS:name",
    "o-0123456789/r-0123", "aws.partner/name/name", "arn:aws:application-autoscaling:us-east-1:000000000000:scalable-target/a",
    "arn:aws:events:us-east-1:000000000000:connection/name/name", "arn:aws:route53:::healthcheck/a",
    "arn:aws:ssm:us-east-1:000000000000:opsmetadata/a", "arn:aws:events:us-east-1:000000000000:event-bus/a", "1.0",
    "arn:aws:signer:us-east-1:000000000000:/signing-profiles/name",
]
NAMED = {
    "AssumeRolePolicyDocument": '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole"}]}',
    "PolicyDocument": '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}',
    "DeletionTaskId": "task/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS/00000000-0000-4000-8000-000000000000",
    "AWSServiceName": "ecs.amazonaws.com", "PolicyArn": "arn:aws:iam::aws:policy/ReadOnlyAccess",
    "Arn": "arn:aws:iam::000000000000:role/name", "RoleArn": "arn:aws:iam::000000000000:role/name",
    "resourceArn": "arn:aws:ecs:us-east-1:000000000000:cluster/name",
    "serviceDeploymentArn": "arn:aws:ecs:us-east-1:000000000000:service-deployment/name/name/0123456789abcdefghijk",
    "serviceDeploymentArns": "arn:aws:ecs:us-east-1:000000000000:service-deployment/name/name/0123456789abcdefghijk",
    "CidrBlock": "10.0.0.0/16", "SubnetId": "subnet-0123456789abcdef0", "VpcId": "vpc-0123456789abcdef0",
    "NetworkInterfaceId": "eni-0123456789abcdef0", "GroupId": "sg-0123456789abcdef0", "taskDefinition": "name:1",
}
# Inputs of one operation only: one of two optional members must be there, or an ARN is of another service.
GROUP, GROUP_ARN = {"logGroupName": "name"}, {"resourceArn": "arn:aws:logs:us-east-1:000000000000:log-group:name"}
RULE_ARN = {"ResourceARN": "arn:aws:events:us-east-1:000000000000:rule/name"}
MORE = {
    ("events", "ListTagsForResource"): RULE_ARN, ("events", "TagResource"): RULE_ARN, ("events", "UntagResource"): RULE_ARN,
    ("logs", "DescribeLogStreams"): GROUP, ("logs", "FilterLogEvents"): GROUP, ("logs", "GetLogEvents"): GROUP,
    ("logs", "StartLiveTail"): {"logGroupIdentifiers": [GROUP_ARN["resourceArn"]]},
    ("logs", "ListTagsForResource"): GROUP_ARN, ("logs", "TagResource"): GROUP_ARN, ("logs", "UntagResource"): GROUP_ARN,
}


def mounted():
    """What the built program says it has mounted; needs no server."""
    if not os.path.exists(PROGRAM):
        return []
    listed = run(PROGRAM, "operations")
    operations = json.loads(listed.stdout) if listed.returncode == 0 else []
    return sorted((op["service"], op["operation"]) for op in operations if op["mounted"])


def sample(shape, name=""):
    """The smallest value that the model takes."""
    kind = shape.type_name
    if kind == "structure":
        if shape.name == "RequestLaunchTemplateData":
            return {"ImageId": "ami-0123456789abcdef0"}
        if shape.name == "Tag" and not shape.required_members:
            return {member: "name" for member in shape.members}
        members = shape.required_members or (list(shape.members)[:1] if shape.is_tagged_union else [])
        return {member: sample(shape.members[member], member) for member in members}
    if kind == "list":
        return [sample(shape.member, name)] * max(1, shape.metadata.get("min", 1))
    if kind == "map":
        return {sample(shape.key): sample(shape.value)}
    if kind == "string":
        return text(shape, name)
    if kind in ("integer", "long", "float", "double"):
        return max(1, int(shape.metadata.get("min", 1)))
    return {"boolean": True, "timestamp": 1_790_000_000, "blob": b"x"}[kind]


def text(shape, name):
    if getattr(shape, "enum", None):
        return shape.enum[0]
    least, most = shape.metadata.get("min", 1), shape.metadata.get("max", 1 << 20)
    pattern = shape.metadata.get("pattern", ".*").replace(r"\p{L}\p{Z}\p{N}", r"\w ").replace(r"\p{L}\p{M}\p{S}\p{N}\p{P}", r"\S")
    pattern = pattern.replace("\\u10000-\\u10FFFF", "")
    candidates = [NAMED[name]] if name in NAMED else []
    for candidate in candidates + SAMPLES:
        candidate = candidate if len(candidate) >= least else candidate.ljust(least, "a")
        if len(candidate) <= most and matches(pattern, candidate):
            return candidate
    raise AssertionError(f"no sample fits {name}: {pattern} ({least} to {most})")


def matches(pattern, candidate):
    try:
        return re.fullmatch(pattern, candidate, re.S)
    except re.error:
        # In Java's dialect: AWS's wide patterns, which take any plain name.
        return True


def call(client, operation):
    """Calls an operation with the smallest input; the code and status of its refusal, or None."""
    model = client.meta.service_model.operation_model(operation)
    parameters = sample(model.input_shape) if model.input_shape else {}
    parameters.update(MORE.get((client.meta.service_model.service_name, operation), {}))
    method = next(method for method, name in client.meta.method_to_api_mapping.items() if name == operation)
    try:
        getattr(client, method)(**parameters)
    except botocore.exceptions.ClientError as error:
        return error.response["Error"]["Code"], error.response["ResponseMetadata"]["HTTPStatusCode"]
    return None


MOUNTED = mounted()
EACH = pytest.mark.parametrize("service, operation", MOUNTED, ids=[f"{s}-{o}" for s, o in MOUNTED])


@pytest.fixture(scope="module")
def nobody(server):
    """The keys of a user without any policy."""
    return pytest.make_user(server)[1]


def test_the_program_and_the_server_agree_on_what_is_mounted(server):
    assert MOUNTED, "nothing is mounted"
    served = sorted((op["service"], op["operation"]) for op in server.operations() if op["mounted"])
    assert served == MOUNTED


@EACH
def test_an_unsigned_call_is_refused(server, service, operation):
    answer = call(server.unsigned(service), operation)
    if (service, operation) in UNSIGNED:
        assert answer == (UNSIGNED[service, operation], 400)
        return
    assert answer and answer[0] in MISSING and answer[1] in (400, 403), answer


@EACH
def test_a_call_without_permission_is_refused(server, nobody, service, operation):
    answer = call(server.client(service, nobody), operation)
    if (service, operation) in OPEN:
        assert answer is None
    elif (service, operation) in UNSIGNED:
        assert answer == (UNSIGNED[service, operation], 400)
    else:
        assert answer and answer[0] in DENIED and answer[1] in (400, 403), answer


def test_refused_calls_write_nothing(own_server):
    """Every refused call, one after the other, on a server where anything written would be seen."""
    keys = pytest.make_user(own_server)[1]

    def state():
        iam, ecs, ec2 = (own_server.client(service) for service in ("iam", "ecs", "ec2"))
        return [
            sorted(user["UserName"] for user in iam.list_users()["Users"]),
            sorted(role["RoleName"] for role in iam.list_roles()["Roles"]),
            sorted(policy["PolicyName"] for policy in iam.list_policies(Scope="Local")["Policies"]),
            ecs.list_clusters()["clusterArns"],
            ecs.list_task_definitions()["taskDefinitionArns"],
            sorted(vpc["VpcId"] for vpc in ec2.describe_vpcs()["Vpcs"]),
            sorted(interface["NetworkInterfaceId"] for interface in ec2.describe_network_interfaces()["NetworkInterfaces"]),
        ]

    before = state()
    services = sorted({service for service, _ in MOUNTED})
    unsigned = {service: own_server.unsigned(service) for service in services}
    signed = {service: own_server.client(service, keys) for service in services}
    for service, operation in MOUNTED:
        call(unsigned[service], operation)
        if (service, operation) not in OPEN:
            call(signed[service], operation)
    assert state() == before

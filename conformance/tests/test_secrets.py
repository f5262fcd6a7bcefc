"""Parameter Store and Secrets Manager, and containers that get from both what nobody else can see."""

import base64
import hashlib
import json
import os
import sys
import urllib.request

import pytest
from pytest import allow, refused

from roadstead import ACCOUNT, REGION, Server, wait_for

TRUST = json.dumps({
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}],
})
VALUE = "correct horse battery staple"
# Publishes the hashes of what it was given, and of what it was not.
PUBLISH = (
    "trap 'exit 0' TERM; mkdir -p /tmp/w; for v in \"$PASSWORD\" \"$USER_NAME\" \"$OTHER\"; do "
    "printf %s \"$v\" | sha256sum | cut -c1-64; done > /tmp/w/index.html; "
    "httpd -p 80 -h /tmp/w; while :; do sleep 0.2; done"
)


def digest(text):
    return hashlib.sha256(text.encode()).hexdigest()


@pytest.fixture
def ssm(server):
    return server.client("ssm")


@pytest.fixture
def secrets(server):
    return server.client("secretsmanager")


def test_a_parameter_lives_through_versions_labels_and_tags(ssm, name):
    path = f"/{name}/password"
    assert ssm.put_parameter(Name=path, Type="SecureString", Value="one", Tags=[{"Key": "a", "Value": "b"}])["Version"] == 1
    with refused("ParameterAlreadyExists", status=400):
        ssm.put_parameter(Name=path, Type="SecureString", Value="two")
    assert ssm.put_parameter(Name=path, Value="two", Overwrite=True)["Version"] == 2
    assert ssm.label_parameter_version(Name=path, ParameterVersion=1, Labels=["first"])["InvalidLabels"] == []
    read = ssm.get_parameter(Name=path, WithDecryption=True)["Parameter"]
    arn = f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter{path}"
    assert (read["Value"], read["ARN"], read["Type"]) == ("two", arn, "SecureString")
    assert ssm.get_parameter(Name=path)["Parameter"]["Value"] not in ("one", "two")
    assert ssm.get_parameter(Name=f"{arn}:first", WithDecryption=True)["Parameter"]["Value"] == "one"
    history = ssm.get_parameter_history(Name=path, WithDecryption=True)["Parameters"]
    assert [(version["Value"], version["Labels"]) for version in history] == [("one", ["first"]), ("two", [])]
    below = ssm.get_parameters_by_path(Path=f"/{name}", WithDecryption=True)["Parameters"]
    assert [parameter["Name"] for parameter in below] == [path]
    assert ssm.list_tags_for_resource(ResourceType="Parameter", ResourceId=path)["TagList"] == [{"Key": "a", "Value": "b"}]
    answer = ssm.get_parameters(Names=[path, "none"])
    assert (len(answer["Parameters"]), answer["InvalidParameters"]) == (1, ["none"])
    assert ssm.delete_parameters(Names=[path])["DeletedParameters"] == [path]
    with refused("ParameterNotFound", status=400):
        ssm.get_parameter(Name=path)


def test_parameters_are_paged_by_path(ssm, name):
    for at in range(25):
        ssm.put_parameter(Name=f"/{name}/p{at:02}", Type="String", Value=str(at))
    pages = ssm.get_paginator("get_parameters_by_path").paginate(Path=f"/{name}")
    assert [parameter["Value"] for page in pages for parameter in page["Parameters"]] == [str(at) for at in range(25)]
    filters = [{"Key": "Name", "Option": "BeginsWith", "Values": [f"/{name}/p1"]}]
    pages = ssm.get_paginator("describe_parameters").paginate(ParameterFilters=filters, PaginationConfig={"PageSize": 3})
    assert len([parameter for page in pages for parameter in page["Parameters"]]) == 10


def test_a_secret_lives_through_versions_deletion_and_recovery(secrets, name):
    made = secrets.create_secret(Name=name, SecretString="one", Tags=[{"Key": "a", "Value": "b"}])
    put = secrets.put_secret_value(SecretId=name, SecretString="two")
    assert put["VersionStages"] == ["AWSCURRENT"]
    read = secrets.get_secret_value(SecretId=made["ARN"].rsplit("-", 1)[0])
    assert (read["SecretString"], read["ARN"], read["VersionId"]) == ("two", made["ARN"], put["VersionId"])
    assert secrets.get_secret_value(SecretId=name, VersionStage="AWSPREVIOUS")["SecretString"] == "one"
    secrets.update_secret_version_stage(
        SecretId=name, VersionStage="AWSCURRENT", MoveToVersionId=made["VersionId"], RemoveFromVersionId=put["VersionId"]
    )
    assert secrets.get_secret_value(SecretId=name)["SecretString"] == "one"
    secrets.update_secret(SecretId=name, SecretBinary=b"\x00\xff")
    assert secrets.get_secret_value(SecretId=name)["SecretBinary"] == b"\x00\xff"
    secrets.delete_secret(SecretId=name, RecoveryWindowInDays=7)
    with refused("InvalidRequestException", status=400):
        secrets.get_secret_value(SecretId=name)
    secrets.restore_secret(SecretId=name)
    listed = secrets.list_secrets(Filters=[{"Key": "name", "Values": [name]}])["SecretList"]
    assert [secret["ARN"] for secret in listed] == [made["ARN"]]
    batch = secrets.batch_get_secret_value(SecretIdList=[name, "none"])
    assert ([value["Name"] for value in batch["SecretValues"]], len(batch["Errors"])) == ([name], 1)
    secrets.delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)
    with refused("ResourceNotFoundException", "Secrets Manager can't find the specified secret.", status=400):
        secrets.describe_secret(SecretId=name)


def test_a_secrets_own_policy_decides_too(server, secrets, user, name):
    arn, keys = user()
    theirs = server.client("secretsmanager", keys)
    secrets.create_secret(Name=name, SecretString=VALUE)
    with refused("AccessDeniedException"):
        theirs.get_secret_value(SecretId=name)
    statement = {"Effect": "Allow", "Principal": {"AWS": arn}, "Action": "secretsmanager:GetSecretValue", "Resource": "*"}
    secrets.put_resource_policy(SecretId=name, ResourcePolicy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    assert theirs.get_secret_value(SecretId=name)["SecretString"] == VALUE


def test_the_command_line_reads_what_it_put(server, name):
    def aws(*arguments):
        done = server.aws(*arguments)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout or "{}")

    aws("ssm", "put-parameter", "--name", f"/{name}", "--type", "SecureString", "--value", VALUE)
    assert aws("ssm", "get-parameter", "--name", f"/{name}", "--with-decryption")["Parameter"]["Value"] == VALUE
    aws("secretsmanager", "create-secret", "--name", name, "--secret-string", VALUE)
    assert aws("secretsmanager", "get-secret-value", "--secret-id", name)["SecretString"] == VALUE
    assert len(aws("secretsmanager", "get-random-password", "--password-length", "12")["RandomPassword"]) == 12
    aws("secretsmanager", "delete-secret", "--secret-id", name, "--force-delete-without-recovery")


def test_values_are_in_no_file_and_survive_a_kill(tmp_path):
    server = Server(tmp_path / "data", "--runtime", "simulated").start()
    server.client("ssm").put_parameter(Name="/a", Type="SecureString", Value=VALUE)
    server.client("secretsmanager").create_secret(Name="a", SecretString=VALUE)
    server.restart(how=9)
    try:
        assert server.client("ssm").get_parameter(Name="/a", WithDecryption=True)["Parameter"]["Value"] == VALUE
        assert server.client("secretsmanager").get_secret_value(SecretId="a")["SecretString"] == VALUE
    finally:
        server.stop()
    plain, encoded = VALUE.encode(), base64.b64encode(VALUE.encode()).rstrip(b"=")[:-1]
    for file in (tmp_path / "data").rglob("*"):
        if file.is_file():
            held = file.read_bytes()
            assert plain not in held and encoded not in held, file
    assert VALUE not in "".join(server.log)


@pytest.mark.skipif(not sys.platform.startswith("linux") or os.geteuid() != 0, reason="only root on Linux gives tasks a network")
def test_a_container_gets_its_secrets_and_its_neighbour_does_not(tmp_path, engine):
    server = Server(tmp_path / "data", "--runtime", "docker").start()
    ecs, iam = server.client("ecs"), server.client("iam")
    ecs.create_cluster(clusterName="kept")
    started = []
    try:
        role = iam.create_role(RoleName="execution", AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
        readable = {"Version": "2012-10-17", "Statement": [allow("ssm:GetParameters", "secretsmanager:GetSecretValue")]}
        iam.put_role_policy(RoleName="execution", PolicyName="read", PolicyDocument=json.dumps(readable))
        server.client("ssm").put_parameter(Name="/kept/password", Type="SecureString", Value=VALUE)
        secret = server.client("secretsmanager").create_secret(Name="kept", SecretString=json.dumps({"user": "ada"}))["ARN"]
        given = [
            {"name": "PASSWORD", "valueFrom": "/kept/password"}, {"name": "USER_NAME", "valueFrom": f"{secret}:user::"},
        ]

        def start(family, secrets):
            container = {"name": "web", "image": engine, "command": ["sh", "-c", PUBLISH], "stopTimeout": 2, "secrets": secrets}
            ecs.register_task_definition(
                family=family, containerDefinitions=[container], networkMode="awsvpc", cpu="256", memory="512",
                requiresCompatibilities=["FARGATE"], executionRoleArn=role,
            )
            subnet = server.client("ec2").describe_subnets()["Subnets"][0]["SubnetId"]
            network = {"awsvpcConfiguration": {"subnets": [subnet]}}
            task = ecs.run_task(cluster="kept", taskDefinition=family, launchType="FARGATE", networkConfiguration=network)
            started.append(task["tasks"][0]["taskArn"])
            return started[-1]

        def task(arn):
            return ecs.describe_tasks(cluster="kept", tasks=[arn])["tasks"][0]

        def published(arn):
            def look():
                seen = task(arn)
                assert seen["lastStatus"] != "STOPPED", seen.get("stoppedReason")
                address = seen["containers"][0].get("networkInterfaces", [{}])[0].get("privateIpv4Address")
                if seen["lastStatus"] != "RUNNING" or not address:
                    return None
                try:
                    return urllib.request.urlopen(f"http://{address}/", timeout=1).read().decode().split()
                except OSError:
                    return None

            return wait_for("the container to publish", look)

        # The engine's own host reaches a task as its security group says.
        vpc = server.client("ec2").describe_security_groups()["SecurityGroups"][0]["GroupId"]
        server.client("ec2").authorize_security_group_ingress(
            GroupId=vpc, IpProtocol="tcp", FromPort=80, ToPort=80, CidrIp="0.0.0.0/0"
        )
        first, second = start("first", given), start("second", [])
        assert published(first) == [digest(VALUE), digest("ada"), digest("")]
        assert published(second) == [digest("")] * 3
        assert VALUE not in json.dumps(task(first), default=str)
        refusal = start("third", [{"name": "PASSWORD", "valueFrom": "/kept/none"}])
        stopped = wait_for("the task to stop", lambda: task(refusal) if task(refusal)["lastStatus"] == "STOPPED" else None)
        assert stopped["stopCode"] == "TaskFailedToStart"
        assert stopped["stoppedReason"].startswith(
            "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: "
            "unable to retrieve secrets from ssm: "
        )
        iam.put_role_policy(
            RoleName="execution", PolicyName="read", PolicyDocument=json.dumps({**readable, "Statement": [allow("logs:*")]})
        )
        refusal = start("first", given)
        stopped = wait_for("the task to stop", lambda: task(refusal) if task(refusal)["lastStatus"] == "STOPPED" else None)
        assert "AccessDeniedException" in stopped["stoppedReason"], stopped["stoppedReason"]
    finally:
        for arn in started:
            ecs.stop_task(cluster="kept", task=arn)
        for arn in started:
            wait_for("the task to stop", lambda: ecs.describe_tasks(cluster="kept", tasks=[arn])["tasks"][0]["lastStatus"] == "STOPPED")
        server.stop()

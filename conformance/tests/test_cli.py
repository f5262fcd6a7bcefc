"""The AWS CLI with nothing but what `roadstead env` prints."""

import json

import pytest


def answer(done):
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout) if done.stdout.strip() else None


def test_a_user_walks_through_the_slice(own_server):
    aws = own_server.aws
    assert answer(aws("sts", "get-caller-identity"))["Arn"].endswith(":root")
    assert answer(aws("ecs", "create-cluster", "--cluster-name", "a"))["cluster"]["status"] == "ACTIVE"
    role = answer(aws("iam", "get-role", "--role-name", "AWSServiceRoleForECS"))["Role"]
    assert role["Path"] == "/aws-service-role/ecs.amazonaws.com/"
    containers = json.dumps([{"name": "app", "image": "busybox"}])
    definition = answer(aws(
        "ecs", "register-task-definition", "--family", "a", "--container-definitions", containers, "--network-mode", "awsvpc",
        "--requires-compatibilities", "FARGATE", "--cpu", "256", "--memory", "512",
    ))["taskDefinition"]["taskDefinitionArn"]
    subnet = answer(aws("ec2", "describe-subnets"))["Subnets"][0]["SubnetId"]
    task = answer(aws(
        "ecs", "run-task", "--cluster", "a", "--task-definition", definition, "--launch-type", "FARGATE",
        "--network-configuration", f"awsvpcConfiguration={{subnets=[{subnet}],assignPublicIp=ENABLED}}",
    ))["tasks"][0]["taskArn"]
    answer(aws("ecs", "wait", "tasks-running", "--cluster", "a", "--tasks", task))
    interfaces = answer(aws("ec2", "describe-network-interfaces"))["NetworkInterfaces"]
    assert len(interfaces) == 1 and ":attachment/" in interfaces[0]["Description"]
    answer(aws("ecs", "stop-task", "--cluster", "a", "--task", task))
    answer(aws("ecs", "wait", "tasks-stopped", "--cluster", "a", "--tasks", task))
    assert answer(aws("ec2", "describe-network-interfaces"))["NetworkInterfaces"] == []
    answer(aws("ecs", "delete-cluster", "--cluster", "a"))
    deletion = answer(aws("iam", "delete-service-linked-role", "--role-name", "AWSServiceRoleForECS"))["DeletionTaskId"]
    status = answer(aws("iam", "get-service-linked-role-deletion-status", "--deletion-task-id", deletion))["Status"]
    assert status in ("IN_PROGRESS", "SUCCEEDED")


@pytest.mark.parametrize("arguments, error", [
    (["ecs", "delete-cluster", "--cluster", "none"],
     "An error occurred (ClusterNotFoundException) when calling the DeleteCluster operation: Cluster not found."),
    (["iam", "get-role", "--role-name", "none"],
     "An error occurred (NoSuchEntity) when calling the GetRole operation: The role with name none cannot be found."),
])
def test_an_error_reads_as_it_does_with_aws(server, arguments, error):
    failed = server.aws(*arguments)
    assert failed.returncode != 0 and error in failed.stderr


def test_every_region_is_served(server):
    for region in ("us-east-1", "eu-west-1", "ap-southeast-2"):
        zones = answer(server.aws("ec2", "describe-availability-zones", region=region))["AvailabilityZones"]
        assert len(zones) >= 3 and all(zone["ZoneName"].startswith(region) for zone in zones)

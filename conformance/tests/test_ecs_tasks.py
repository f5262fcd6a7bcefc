"""Tasks with a network interface of their own, each call made through the role."""

import json
import socket
import time

import pytest
from pytest import allow, make_user, refused

from roadstead import ACCOUNT, REGION, wait_for

# Ends when it is told to; a plain `sleep` is deaf as the first process of a container.
OBEDIENT = ("sh", "-c", "trap 'exit 0' TERM; sleep 600 & wait")
NO_ROLE = "Unable to assume the service linked role. Please verify that the ECS service linked role exists."
ROLE_ARN = f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS"


def subnet(server, region=REGION):
    return server.client("ec2", region=region).describe_subnets()["Subnets"][0]["SubnetId"]


def network(server):
    return {"awsvpcConfiguration": {"subnets": [subnet(server)], "assignPublicIp": "ENABLED"}}


def definition(ecs, name, image, command=OBEDIENT, **more):
    container = {"name": "app", "image": image, "command": list(command), **more}
    return ecs.register_task_definition(
        family=name, containerDefinitions=[container], networkMode="awsvpc", cpu="256", memory="512",
        requiresCompatibilities=["FARGATE"],
    )["taskDefinition"]["taskDefinitionArn"]


def run(server, name, image, command=OBEDIENT, **more):
    ecs = server.client("ecs")
    answer = ecs.run_task(
        cluster=name, taskDefinition=definition(ecs, name, image, command, **more), launchType="FARGATE",
        networkConfiguration=network(server),
    )
    assert answer["failures"] == []
    return answer["tasks"][0]


def reaches(ecs, cluster, task, status):
    def look():
        found = ecs.describe_tasks(cluster=cluster, tasks=[task])["tasks"][0]
        assert status == "STOPPED" or found["lastStatus"] != "STOPPED", found.get("stoppedReason")
        return found if found["lastStatus"] == status else None

    return wait_for(f"the task to be {status}", look)


def details(task):
    return {detail["name"]: detail.get("value") for detail in task["attachments"][0]["details"]}


def interfaces(server, **filters):
    chosen = [{"Name": name.replace("_", "-"), "Values": [value]} for name, value in filters.items()]
    return server.client("ec2").describe_network_interfaces(Filters=chosen)["NetworkInterfaces"]


@pytest.fixture
def running(server, name, engine):
    """A cluster of that name with one running task."""
    ecs = server.client("ecs")
    ecs.create_cluster(clusterName=name)
    task = run(server, name, engine)
    yield reaches(ecs, name, task["taskArn"], "RUNNING")
    ecs.stop_task(cluster=name, task=task["taskArn"])
    reaches(ecs, name, task["taskArn"], "STOPPED")


def test_a_new_task_waits_for_its_interface(server, name, engine):
    ecs = server.client("ecs")
    ecs.create_cluster(clusterName=name)
    task = run(server, name, engine)
    assert (task["lastStatus"], task["desiredStatus"], task["version"]) == ("PROVISIONING", "RUNNING", 1)
    assert (task["group"], task["launchType"]) == (f"family:{name}", "FARGATE")
    attachment = task["attachments"][0]
    assert (attachment["type"], attachment["status"]) == ("ElasticNetworkInterface", "PRECREATED")
    assert [detail["name"] for detail in attachment["details"]] == ["subnetId"]
    assert "healthStatus" not in task
    ecs.stop_task(cluster=name, task=task["taskArn"])
    reaches(ecs, name, task["taskArn"], "STOPPED")


def test_a_running_task_has_an_interface_that_names_its_attachment(server, running):
    attachment = running["attachments"][0]
    assert attachment["status"] == "ATTACHED"
    assert set(details(running)) >= {"subnetId", "networkInterfaceId", "macAddress", "privateIPv4Address"}
    interface = server.client("ec2").describe_network_interfaces(
        NetworkInterfaceIds=[details(running)["networkInterfaceId"]]
    )["NetworkInterfaces"][0]
    assert interface["Description"] == f"arn:aws:ecs:{REGION}:{ACCOUNT}:attachment/{attachment['id']}"
    assert (interface["Status"], interface["InterfaceType"]) == ("in-use", "interface")
    assert interface["RequesterManaged"] is True
    assert interface["Attachment"]["DeleteOnTermination"] is False
    assert interface["PrivateIpAddress"] == details(running)["privateIPv4Address"]
    assert interface["MacAddress"] == details(running)["macAddress"]
    assert interface["SubnetId"] == details(running)["subnetId"]
    container = running["containers"][0]
    assert container["networkInterfaces"] == [
        {"attachmentId": attachment["id"], "privateIpv4Address": interface["PrivateIpAddress"]}
    ]


def test_a_user_may_not_take_the_interface_away(server, running):
    ec2, eni = server.client("ec2"), details(running)["networkInterfaceId"]
    with refused("InvalidParameterValue", f"Network interface '{eni}' is currently in use.", 400):
        ec2.delete_network_interface(NetworkInterfaceId=eni)


def test_a_stopped_task_gives_its_interface_back(server, name, engine):
    ecs, ec2 = server.client("ecs"), server.client("ec2")
    ecs.create_cluster(clusterName=name)
    task = reaches(ecs, name, run(server, name, engine)["taskArn"], "RUNNING")
    eni = details(task)["networkInterfaceId"]
    stopping = ecs.stop_task(cluster=name, task=task["taskArn"], reason="enough")["task"]
    assert (stopping["desiredStatus"], stopping["stopCode"], stopping["stoppedReason"]) == ("STOPPED", "UserInitiated", "enough")
    stopped = reaches(ecs, name, task["taskArn"], "STOPPED")
    assert stopped["attachments"][0]["status"] == "DELETED"
    assert details(stopped)["networkInterfaceId"] == eni
    assert stopped["containers"][0]["lastStatus"] == "STOPPED"
    with refused("InvalidNetworkInterfaceID.NotFound", f"The networkInterface ID '{eni}' does not exist", 400):
        ec2.describe_network_interfaces(NetworkInterfaceIds=[eni])
    moments = [stopped[moment] for moment in ("createdAt", "pullStartedAt", "pullStoppedAt", "startedAt", "executionStoppedAt", "stoppedAt")]
    assert moments == sorted(moments)
    assert stopped["stoppingAt"] <= stopped["executionStoppedAt"]


def test_a_task_that_ends_by_itself_tells_its_exit_code(server, name, engine):
    ecs = server.client("ecs")
    ecs.create_cluster(clusterName=name)
    task = run(server, name, engine, ("sh", "-c", "exit 7"))
    stopped = reaches(ecs, name, task["taskArn"], "STOPPED")
    assert stopped["stopCode"] == "EssentialContainerExited"
    assert stopped["containers"][0]["exitCode"] == 7
    # It ran, however short: PROVISIONING, PENDING, RUNNING, DEPROVISIONING, STOPPED.
    assert stopped["version"] == 5
    moments = ("createdAt", "pullStartedAt", "pullStoppedAt", "startedAt", "executionStoppedAt", "stoppingAt", "stoppedAt")
    assert [stopped[moment] for moment in moments] == sorted(stopped[moment] for moment in moments)


def test_a_task_whose_dependency_fails_never_runs(server, name, engine):
    ecs = server.client("ecs")
    ecs.create_cluster(clusterName=name)
    containers = [
        {"name": "init", "image": engine, "command": ["sh", "-c", "exit 7"], "essential": False},
        {"name": "app", "image": engine, "command": list(OBEDIENT), "dependsOn": [{"containerName": "init", "condition": "SUCCESS"}]},
    ]
    ecs.register_task_definition(
        family=name, containerDefinitions=containers, networkMode="awsvpc", cpu="256", memory="512",
        requiresCompatibilities=["FARGATE"],
    )
    task = ecs.run_task(cluster=name, taskDefinition=name, launchType="FARGATE", networkConfiguration=network(server))["tasks"][0]
    stopped = reaches(ecs, name, task["taskArn"], "STOPPED")
    assert (stopped["stopCode"], stopped["stoppedReason"]) == ("TaskFailedToStart", "Task failed to start")
    assert stopped["version"] == 4 and "startedAt" not in stopped
    init, app = sorted(stopped["containers"], key=lambda container: container["name"], reverse=True)
    assert init["exitCode"] == 7 and init["networkBindings"] == []
    assert not {"exitCode", "reason", "networkBindings"} & set(app)
    assert {"runtimeId", "imageDigest"} <= set(app)


def test_a_task_is_stopped_while_its_image_is_fetched(server, name, engine):
    ecs = server.client("ecs")
    ecs.create_cluster(clusterName=name)
    # A registry that takes connections and never answers.
    with socket.create_server(("127.0.0.1", 0)) as silent:
        task = run(server, name, f"localhost:{silent.getsockname()[1]}/never:1")
        silent.settimeout(20)
        asked = silent.accept()[0]
        ecs.stop_task(cluster=name, task=task["taskArn"])
        begun = time.monotonic()
        stopped = reaches(ecs, name, task["taskArn"], "STOPPED")
        assert time.monotonic() - begun < 8
        asked.close()
    assert stopped["stopCode"] == "UserInitiated" and "startedAt" not in stopped
    container = stopped["containers"][0]
    assert "runtimeId" in container and not {"imageDigest", "networkBindings", "exitCode"} & set(container)


def test_a_task_stopped_at_once_ends_without_having_run(server, name, engine):
    ecs = server.client("ecs")
    ecs.create_cluster(clusterName=name)
    task = run(server, name, engine)
    ecs.stop_task(cluster=name, task=task["taskArn"])
    stopped = reaches(ecs, name, task["taskArn"], "STOPPED")
    assert stopped["stopCode"] == "UserInitiated" and stopped["attachments"][0]["status"] == "DELETED"
    if "startedAt" not in stopped:
        assert "exitCode" not in stopped["containers"][0]


def test_a_task_that_does_not_listen_is_killed(server, name, engine):
    ecs = server.client("ecs")
    ecs.create_cluster(clusterName=name)
    task = reaches(ecs, name, run(server, name, engine, ("sleep", "600"), stopTimeout=2)["taskArn"], "RUNNING")
    ecs.stop_task(cluster=name, task=task["taskArn"])
    assert reaches(ecs, name, task["taskArn"], "STOPPED")["containers"][0]["exitCode"] == 137


def test_running_and_stopped_tasks_are_listed_apart(server, name, running):
    ecs = server.client("ecs")
    assert ecs.list_tasks(cluster=name)["taskArns"] == [running["taskArn"]]
    assert ecs.list_tasks(cluster=name, desiredStatus="STOPPED")["taskArns"] == []
    with refused("ClusterContainsTasksException", "The Cluster cannot be deleted while Tasks are active.", 400):
        ecs.delete_cluster(cluster=name)


def test_the_interface_is_made_by_a_session_of_the_role(server, running):
    subnet = details(running)["subnetId"]

    def traced():
        lines = server.command("trace").stdout.splitlines()
        return [line for line in lines if "CreateNetworkInterface" in line and subnet in line]

    for line in wait_for("the call in the audit trail", traced, 5):
        assert "AWSServiceRoleForECS/ecs-eni-provisioning" in line and "ECSTaskManagement" in line, line


def test_the_last_use_of_the_role_is_known(server, running):
    used = server.client("iam").get_role(RoleName="AWSServiceRoleForECS")["Role"]["RoleLastUsed"]
    assert used["Region"] and used["LastUsedDate"]


def test_without_the_role_no_task_runs(own_server, name):
    _, keys = make_user(own_server, allow("ecs:*"))
    ecs = own_server.client("ecs", keys)
    ecs.create_cluster(clusterName=name)
    arn = definition(ecs, name, "busybox")
    with refused("InvalidParameterException", NO_ROLE, 400):
        ecs.run_task(cluster=name, taskDefinition=arn, launchType="FARGATE", networkConfiguration=network(own_server))
    assert ecs.list_tasks(cluster=name)["taskArns"] == []


def test_a_task_in_the_simulated_runtime_walks_the_same_states(own_server, name):
    ecs = own_server.client("ecs")
    ecs.create_cluster(clusterName=name)
    task = run(own_server, name, "busybox")
    reaches(ecs, name, task["taskArn"], "RUNNING")
    ecs.stop_task(cluster=name, task=task["taskArn"])
    reaches(ecs, name, task["taskArn"], "STOPPED")


@pytest.mark.parametrize("change, code, message", [
    ({"networkConfiguration": None}, "InvalidParameterException",
     "Network Configuration must be provided when networkMode 'awsvpc' is specified."),
    ({"networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-00000000000000000"]}}}, "InvalidParameterException",
     "Error retrieving subnet information for [subnet-00000000000000000]: The subnet ID 'subnet-00000000000000000' does not "
     "exist (ErrorCode: InvalidSubnetID.NotFound)"),
    ({"launchType": "FARGATE", "capacityProviderStrategy": [{"capacityProvider": "FARGATE"}]}, "InvalidParameterException",
     "You may choose a capacity provider or a launch type but not both."),
    ({"cluster": "none"}, "ClusterNotFoundException", "Cluster not found."),
], ids=["no-network", "unknown-subnet", "two-ways-to-place", "unknown-cluster"])
def test_a_task_that_cannot_run_is_refused_with_awss_words(server, name, change, code, message):
    ecs = server.client("ecs")
    ecs.create_cluster(clusterName=name)
    wanted = {
        "cluster": name, "taskDefinition": definition(ecs, name, "busybox"), "launchType": "FARGATE",
        "networkConfiguration": network(server), **change,
    }
    with refused(code, message, 400):
        ecs.run_task(**{key: value for key, value in wanted.items() if value is not None})
    assert ecs.list_tasks(cluster=name)["taskArns"] == []


def test_a_task_on_an_inactive_cluster_is_refused(server, name):
    ecs = server.client("ecs")
    ecs.create_cluster(clusterName=name)
    arn = definition(ecs, name, "busybox")
    ecs.delete_cluster(cluster=name)
    with refused("ClientException", "Cluster was not ACTIVE.", 400):
        ecs.run_task(cluster=name, taskDefinition=arn, launchType="FARGATE", networkConfiguration=network(server))


def test_the_same_token_runs_the_same_task(own_server, name):
    ecs = own_server.client("ecs")
    ecs.create_cluster(clusterName=name)
    wanted = {
        "cluster": name, "taskDefinition": definition(ecs, name, "busybox"), "launchType": "FARGATE",
        "networkConfiguration": network(own_server), "clientToken": "token",
    }
    first = ecs.run_task(**wanted)["tasks"][0]["taskArn"]
    assert ecs.run_task(**wanted)["tasks"][0]["taskArn"] == first
    with refused(
        "ConflictException",
        "The RunTask request could not be processed due to conflicts. The provided clientToken is already in use with a "
        "different request.",
        400,
    ) as caught:
        ecs.run_task(**{**wanted, "startedBy": "me"})
    assert caught.value.response["resourceIds"] == [first]


def test_passing_a_role_needs_permission(server, name, user):
    trust = {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}]}
    role = server.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
    who, keys = user(allow("ecs:*"))
    with refused("AccessDeniedException", status=400) as caught:
        server.client("ecs", keys).register_task_definition(
            family=name, taskRoleArn=role, containerDefinitions=[{"name": "app", "image": "busybox", "memory": 64}]
        )
    assert caught.value.response["Error"]["Message"].startswith(
        f"User: {who} is not authorized to perform: iam:PassRole on resource: {role} "
    )

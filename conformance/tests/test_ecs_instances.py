"""Container instances: this machine registered with a cluster, and tasks with the engine's bridge, the host's network or none."""

import urllib.request
import uuid

import pytest
from pytest import refused

from roadstead import ENGINE, REGION, Server, wait_for

OBEDIENT = ["sh", "-c", "trap 'exit 0' TERM; sleep 600 & wait"]
SERVES = "trap 'exit 0' TERM; mkdir -p /tmp/www; echo {page} > /tmp/www/index.html; httpd -p {port} -h /tmp/www; sleep 600 & wait"
CLUSTER = "machines"


@pytest.fixture(scope="module")
def machine(tmp_path_factory):
    """A server that is told to register this machine with a cluster."""
    runtime = "docker" if ENGINE == "docker" else "simulated"
    server = Server(tmp_path_factory.mktemp("machine") / "data", "--runtime", runtime, "--instance", CLUSTER).start()
    yield server
    ecs = server.client("ecs")
    for arn in ecs.list_services(cluster=CLUSTER)["serviceArns"]:
        ecs.delete_service(cluster=CLUSTER, service=arn, force=True)
    for arn in ecs.list_tasks(cluster=CLUSTER)["taskArns"]:
        ecs.stop_task(cluster=CLUSTER, task=arn)
    wait_for("all tasks to end", lambda: not active(ecs))
    assert server.stop() == 0, "".join(server.log[-20:])


def active(ecs):
    found = ecs.describe_clusters(clusters=[CLUSTER])["clusters"][0]
    instance = the_instance(ecs)
    return found["runningTasksCount"] + found["pendingTasksCount"] + instance["runningTasksCount"] + instance["pendingTasksCount"]


def the_instance(ecs):
    arns = ecs.list_container_instances(cluster=CLUSTER)["containerInstanceArns"]
    assert len(arns) == 1, arns
    return ecs.describe_container_instances(cluster=CLUSTER, containerInstances=arns)["containerInstances"][0]


def resource(instance, name, which="remainingResources"):
    found = next(one for one in instance[which] if one["name"] == name)
    return found.get("integerValue") if found["type"] == "INTEGER" else found["stringSetValue"]


def define(ecs, family, image, command=OBEDIENT, mode=None, memory=32, **more):
    container = {"name": "app", "image": image, "command": command, "memory": memory, **more}
    chosen = {"networkMode": mode} if mode else {}
    return ecs.register_task_definition(family=family, containerDefinitions=[container], **chosen)["taskDefinition"]


def run(ecs, family, **more):
    answer = ecs.run_task(cluster=CLUSTER, taskDefinition=family, **more)
    assert answer["failures"] == [], answer["failures"]
    return answer["tasks"][0]


def reaches(ecs, task, status):
    def look():
        found = ecs.describe_tasks(cluster=CLUSTER, tasks=[task["taskArn"]])["tasks"][0]
        assert status == "STOPPED" or found["lastStatus"] != "STOPPED", (found.get("stoppedReason"), found["containers"])
        return found if found["lastStatus"] == status else None

    return wait_for(f"the task to be {status}", look)


def stop(ecs, task):
    ecs.stop_task(cluster=CLUSTER, task=task["taskArn"])
    return reaches(ecs, task, "STOPPED")


def fetched(url):
    def look():
        try:
            with urllib.request.urlopen(url, timeout=2) as answer:
                return answer.read().decode().strip()
        except OSError:
            return None

    return wait_for(f"an answer from {url}", look, seconds=20)


def test_this_machine_is_listed_and_kept_over_a_restart(tmp_path):
    server = Server(tmp_path / "data", "--runtime", "simulated", "--instance", CLUSTER).start()
    try:
        ecs = server.client("ecs")
        found = the_instance(ecs)
        assert (found["status"], found["agentConnected"]) == ("ACTIVE", True)
        assert found["ec2InstanceId"].startswith("i-")
        assert resource(found, "CPU", "registeredResources") >= 1024
        assert {"name": "ecs.availability-zone", "value": f"{REGION}a"} in found["attributes"]
        cluster = ecs.describe_clusters(clusters=[CLUSTER])["clusters"][0]
        assert cluster["registeredContainerInstancesCount"] == 1
        server.restart()
        again = the_instance(server.client("ecs"))
        assert again["containerInstanceArn"] == found["containerInstanceArn"]
        assert (again["agentConnected"], again["ec2InstanceId"]) == (True, found["ec2InstanceId"])
        with refused("ClusterContainsContainerInstancesException"):
            server.client("ecs").delete_cluster(cluster=CLUSTER)
    finally:
        server.stop()


def test_a_port_of_the_host_leads_to_a_bridge_task(machine, name, engine):
    ecs = machine.client("ecs")
    page = uuid.uuid4().hex
    command = ["sh", "-c", SERVES.format(page=page, port=80)]
    define(ecs, name, engine, command, portMappings=[{"containerPort": 80}])
    task = run(ecs, name)
    assert (task["lastStatus"], task["launchType"], task["attachments"]) == ("PENDING", "EC2", [])
    assert task["containerInstanceArn"] == the_instance(ecs)["containerInstanceArn"]
    running = reaches(ecs, task, "RUNNING")
    binding = running["containers"][0]["networkBindings"][0]
    assert (binding["containerPort"], binding["protocol"], binding["bindIP"]) == (80, "tcp", "0.0.0.0")
    assert fetched(f"http://127.0.0.1:{binding['hostPort']}/") == page
    assert len(running["containers"][0]["runtimeId"]) == 64
    stopped = stop(ecs, task)
    assert stopped["stopCode"] == "UserInitiated"


def test_a_range_of_ports_leads_to_a_bridge_task(machine, name, engine):
    ecs = machine.client("ecs")
    pages = {port: uuid.uuid4().hex for port in (8000, 8002)}
    serve = "mkdir -p /tmp/{0}; echo {1} > /tmp/{0}/index.html; httpd -p {0} -h /tmp/{0}; "
    script = "trap 'exit 0' TERM; " + "".join(serve.format(*page) for page in pages.items()) + "sleep 600 & wait"
    define(ecs, name, engine, ["sh", "-c", script], portMappings=[{"containerPortRange": "8000-8002"}])
    task = run(ecs, name)
    running = reaches(ecs, task, "RUNNING")
    binding = running["containers"][0]["networkBindings"][0]
    assert (binding["containerPortRange"], binding["protocol"], binding["bindIP"]) == ("8000-8002", "tcp", "0.0.0.0")
    assert "containerPort" not in binding and "hostPort" not in binding
    first, last = map(int, binding["hostPortRange"].split("-"))
    assert last - first == 2
    for port, page in pages.items():
        assert fetched(f"http://127.0.0.1:{first + port - 8000}/") == page
    stop(ecs, task)


def test_containers_of_a_bridge_task_reach_each_other_by_links(machine, name, engine):
    ecs = machine.client("ecs")
    page = uuid.uuid4().hex
    asks = "for i in 1 2 3 4 5 6 7 8 9 10; do wget -q -O - http://store:8000/ && exit 0; sleep 1; done; exit 1"
    ecs.register_task_definition(family=name, containerDefinitions=[
        {"name": "asks", "image": engine, "memory": 32, "command": ["sh", "-c", asks], "links": ["db:store"]},
        {"name": "db", "image": engine, "memory": 32, "essential": False,
         "command": ["sh", "-c", SERVES.format(page=page, port=8000)]},
    ])
    task = run(ecs, name)
    stopped = reaches(ecs, task, "STOPPED")
    exits = {container["name"]: container.get("exitCode") for container in stopped["containers"]}
    assert exits["asks"] == 0, (stopped.get("stoppedReason"), stopped["containers"])


def test_a_task_in_host_mode_listens_on_the_host(machine, name, engine):
    ecs = machine.client("ecs")
    page = uuid.uuid4().hex
    port = 20000 + int(page[:4], 16) % 10000
    command = ["sh", "-c", SERVES.format(page=page, port=port)]
    define(ecs, name, engine, command, mode="host", portMappings=[{"containerPort": port}])
    task = run(ecs, name)
    reaches(ecs, task, "RUNNING")
    assert fetched(f"http://127.0.0.1:{port}/") == page
    assert str(port) in resource(the_instance(ecs), "PORTS")
    answer = ecs.run_task(cluster=CLUSTER, taskDefinition=name)
    assert answer["tasks"] == []
    assert [failure["reason"] for failure in answer["failures"]] == ["RESOURCE:PORTS"]
    stop(ecs, task)
    assert str(port) not in resource(the_instance(ecs), "PORTS")


def test_a_task_without_network_has_the_loopback_interface_only(machine, name, engine):
    ecs = machine.client("ecs")
    define(ecs, name, engine, ["sh", "-c", "test \"$(ls /sys/class/net)\" = lo"], mode="none")
    stopped = reaches(ecs, run(ecs, name), "STOPPED")
    assert stopped["containers"][0]["exitCode"] == 0


def test_an_awsvpc_task_on_an_instance_has_its_interface(machine, name, engine):
    ecs, ec2 = machine.client("ecs"), machine.client("ec2")
    ours = [{"Name": "availability-zone", "Values": [f"{REGION}a"]}]
    subnet = ec2.describe_subnets(Filters=ours)["Subnets"][0]["SubnetId"]
    define(ecs, name, engine, mode="awsvpc")
    network = {"awsvpcConfiguration": {"subnets": [subnet]}}
    task = run(ecs, name, networkConfiguration=network)
    running = reaches(ecs, task, "RUNNING")
    assert running["launchType"] == "EC2"
    details = {detail["name"]: detail["value"] for detail in running["attachments"][0]["details"]}
    assert ec2.describe_network_interfaces(NetworkInterfaceIds=[details["networkInterfaceId"]])["NetworkInterfaces"]
    stop(ecs, task)


def test_start_task_starts_where_it_is_told(machine, name, engine):
    ecs = machine.client("ecs")
    define(ecs, name, engine)
    instance = the_instance(ecs)["containerInstanceArn"]
    missing = instance.rsplit("/", 1)[0] + "/" + "0" * 32
    answer = ecs.start_task(cluster=CLUSTER, taskDefinition=name, containerInstances=[instance, missing], startedBy="me")
    assert answer["failures"] == [{"arn": missing, "reason": "MISSING"}]
    task = answer["tasks"][0]
    assert (task["startedBy"], task["containerInstanceArn"]) == ("me", instance)
    reaches(ecs, task, "RUNNING")
    listed = ecs.list_tasks(cluster=CLUSTER, containerInstance=instance, family=name)
    assert listed["taskArns"] == [task["taskArn"]]
    stop(ecs, task)


def test_what_does_not_fit_fails_with_the_reason(machine, name, engine):
    ecs = machine.client("ecs")
    define(ecs, name, engine, memory=100_000_000)
    answer = ecs.run_task(cluster=CLUSTER, taskDefinition=name)
    instance = the_instance(ecs)["containerInstanceArn"]
    assert answer["failures"] == [{"arn": instance, "reason": "RESOURCE:MEMORY"}]
    constraint = [{"type": "memberOf", "expression": "attribute:ecs.os-type == windows"}]
    define(ecs, name, engine)
    answer = ecs.run_task(cluster=CLUSTER, taskDefinition=name, placementConstraints=constraint)
    assert (answer["tasks"], len(answer["failures"])) == ([], 1)
    other = "u" + name
    ecs.create_cluster(clusterName=other)
    with refused("InvalidParameterException", "No Container Instances were found in your cluster."):
        ecs.run_task(cluster=other, taskDefinition=name)
    ecs.delete_cluster(cluster=other)


def test_a_daemon_runs_on_the_instance_until_it_drains(machine, name, engine):
    ecs = machine.client("ecs")
    define(ecs, name, engine)
    ecs.create_service(cluster=CLUSTER, serviceName=name, taskDefinition=name, schedulingStrategy="DAEMON")

    def counts():
        found = ecs.describe_services(cluster=CLUSTER, services=[name])["services"][0]
        return found["desiredCount"], found["runningCount"]

    wait_for("the daemon to run", lambda: counts() == (1, 1))
    instance = the_instance(ecs)["containerInstanceArn"]
    ecs.update_container_instances_state(cluster=CLUSTER, containerInstances=[instance], status="DRAINING")
    wait_for("the daemon to leave", lambda: counts() == (0, 0))
    ecs.update_container_instances_state(cluster=CLUSTER, containerInstances=[instance], status="ACTIVE")
    wait_for("the daemon to be back", lambda: counts() == (1, 1))
    ecs.delete_service(cluster=CLUSTER, service=name, force=True)
    wait_for("the daemon to be gone", lambda: counts() == (0, 0))


def test_an_instance_that_nobody_connects_gets_no_tasks(server, name):
    ecs = server.client("ecs")
    ecs.create_cluster(clusterName=name)
    resources = [{"name": "CPU", "type": "INTEGER", "integerValue": 1024}, {"name": "MEMORY", "type": "INTEGER", "integerValue": 1024}]
    made = ecs.register_container_instance(
        cluster=name, totalResources=resources, attributes=[{"name": "stack", "value": "blue"}],
        instanceIdentityDocument='{"instanceId": "i-0123456789abcdef0", "availabilityZone": "us-east-1b"}',
    )["containerInstance"]
    assert (made["status"], made["agentConnected"]) == ("ACTIVE", False)
    found = ecs.list_attributes(cluster=name, targetType="container-instance", attributeName="stack")["attributes"]
    assert [(one["value"], one["targetId"]) for one in found] == [("blue", made["containerInstanceArn"])]
    for filter, expected in [("attribute:stack == blue", 1), ("attribute:stack == green", 0), ("runningTasksCount > 0", 0)]:
        assert len(ecs.list_container_instances(cluster=name, filter=filter)["containerInstanceArns"]) == expected
    with refused("InvalidParameterException"):
        ecs.list_container_instances(cluster=name, filter="stack == blue")
    define(ecs, name, "busybox")
    answer = ecs.run_task(cluster=name, taskDefinition=name)
    assert answer["failures"] == [{"arn": made["containerInstanceArn"], "reason": "AGENT"}]
    gone = ecs.deregister_container_instance(cluster=name, containerInstance=made["containerInstanceArn"])
    assert gone["containerInstance"]["status"] == "INACTIVE"
    ecs.delete_cluster(cluster=name)

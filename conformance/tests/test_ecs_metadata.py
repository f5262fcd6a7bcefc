"""What containers find at 169.254.170.2: asked from inside, by hand and by AWS's own SDK, through restarts."""

import json
import os
import signal
import subprocess
import sys

import pytest
from pytest import allow, refused

from roadstead import ACCOUNT, Keys, Server, environment, wait_for

# Writes where it was told to look, then waits to be told to end.
PATIENT = ("sh", "-c", "trap 'exit 0' TERM; while :; do sleep 0.2; done")
TRUST = {"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux") or os.geteuid() != 0, reason="only root on Linux gives tasks a network"
)


@pytest.fixture
def host(tmp_path, engine):
    """A server with real containers and a role for them, whose tasks are all gone afterwards."""
    server = Server(tmp_path / "data", "--runtime", "docker").start()
    server.client("ecs").create_cluster(clusterName="meta")
    host = Host(server, engine)
    yield host
    host.stop_all()
    server.stop()


class Host:
    def __init__(self, server, image):
        self.server, self.image, self.started = server, image, []
        self.role = self.make_role()

    @property
    def ecs(self):
        return self.server.client("ecs")

    def make_role(self):
        iam = self.server.client("iam")
        trust = json.dumps({"Version": "2012-10-17", "Statement": [TRUST]})
        iam.create_role(RoleName="app", AssumeRolePolicyDocument=trust)
        statements = [allow("ecs:ListClusters", "ecs:GetTaskProtection", "ecs:UpdateTaskProtection")]
        document = json.dumps({"Version": "2012-10-17", "Statement": statements})
        iam.put_role_policy(RoleName="app", PolicyName="own", PolicyDocument=document)
        return f"arn:aws:iam::{ACCOUNT}:role/app"

    def network(self):
        subnet = self.server.client("ec2").describe_subnets()["Subnets"][0]["SubnetId"]
        return {"awsvpcConfiguration": {"subnets": [subnet]}}

    def define(self, family, role=True, **more):
        container = {"name": "main", "image": self.image, "command": list(PATIENT), "stopTimeout": 2, **more}
        roles = {"taskRoleArn": self.role} if role else {}
        self.ecs.register_task_definition(
            family=family, containerDefinitions=[container, {**container, "name": "side", "essential": False}],
            networkMode="awsvpc", cpu="256", memory="512", requiresCompatibilities=["FARGATE"], **roles,
        )

    def run(self, family, **more):
        answer = self.ecs.run_task(
            cluster="meta", taskDefinition=family, launchType="FARGATE", networkConfiguration=self.network(), **more
        )
        self.started.append(answer["tasks"][0]["taskArn"])
        return self.started[-1]

    def task(self, arn):
        return self.ecs.describe_tasks(cluster="meta", tasks=[arn])["tasks"][0]

    def until(self, arn, status):
        def look():
            task = self.task(arn)
            assert status == "STOPPED" or task["lastStatus"] != "STOPPED", task.get("stoppedReason")
            return task if task["lastStatus"] == status else None

        return wait_for(f"the task to be {status}", look)

    def stop_all(self):
        for service in self.ecs.list_services(cluster="meta")["serviceArns"]:
            self.ecs.delete_service(cluster="meta", service=service, force=True)
        for desired in ("RUNNING", "STOPPED"):
            self.started += self.ecs.list_tasks(cluster="meta", desiredStatus=desired)["taskArns"]
        for arn in self.started:
            self.ecs.stop_task(cluster="meta", task=arn)
        for arn in self.started:
            self.until(arn, "STOPPED")

    def running(self, family="plain", **more):
        self.define(family, **more)
        arn = self.run(family)
        self.until(arn, "RUNNING")
        return Inside(self, arn)


class Inside:
    """A container of a running task."""

    def __init__(self, host, arn, name="main"):
        self.host, self.arn, self.name = host, arn, name
        self.id = arn.rsplit("/", 1)[-1]
        found = docker(
            "ps", "-q", "--no-trunc", "--filter", f"label=com.amazonaws.ecs.task-arn={arn}",
            "--filter", f"label=com.amazonaws.ecs.container-name={name}",
        )
        self.container = found.strip()
        self.env = dict(line.split("=", 1) for line in self.sh("env").splitlines() if "=" in line)

    def sh(self, script):
        return docker("exec", self.container, "sh", "-c", script)

    def raw(self, path, method="GET", body="", port=80, headers=()):
        """A request as bytes: status, body."""
        lines = [f"{method} {path} HTTP/1.0", "Host: 169.254.170.2", f"Content-Length: {len(body)}", *headers, "", body]
        script = "nc 169.254.170.2 %d" % port
        answer = docker("exec", "-i", self.container, "sh", "-c", script, input="\r\n".join(lines))
        head, _, text = answer.partition("\n\n")
        return int(head.split(" ")[1]), text

    def get(self, url_or_path):
        status, text = self.raw(url_or_path.removeprefix("http://169.254.170.2"))
        return status, json.loads(text)

    def credentials(self):
        status, given = self.get(self.env["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"])
        assert status == 200, given
        return given

    def pid(self):
        return docker("inspect", "-f", "{{.State.Pid}}", self.container).strip()

    def python(self, script):
        """Runs a program in the task's network namespace with the container's own environment: a real SDK."""
        ours = {name: value for name, value in self.env.items() if name.startswith(("AWS_", "ECS_"))}
        return subprocess.run(
            ["nsenter", "-t", self.pid(), "-n", sys.executable, "-c", script],
            env=environment(**ours), capture_output=True, text=True, timeout=60,
        )


def docker(*arguments, input=None):
    done = subprocess.run(["docker", *arguments], capture_output=True, text=True, input=input, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def keys(given):
    return Keys(given["AccessKeyId"], given["SecretAccessKey"], given["Token"])


def test_a_container_reads_its_metadata(host):
    inside = host.running()
    task = host.task(inside.arn)
    described = next(c for c in task["containers"] if c["name"] == "main")
    status, told = inside.get(inside.env["ECS_CONTAINER_METADATA_URI_V4"])
    assert status == 200
    assert told["Name"] == "main" and told["KnownStatus"] == "RUNNING" and told["Type"] == "NORMAL"
    assert told["DockerId"] == described["runtimeId"] and told["ContainerARN"] == described["containerArn"]
    network = told["Networks"][0]
    assert network["NetworkMode"] == "awsvpc"
    assert network["IPv4Addresses"] == [described["networkInterfaces"][0]["privateIpv4Address"]]
    assert inside.sh("ip -o addr show eth0").count(network["IPv4Addresses"][0]) == 1
    assert network["MACAddress"] in inside.sh("cat /sys/class/net/eth0/address")
    assert network["DomainNameServers"][0] in inside.sh("cat /etc/resolv.conf")
    status, told = inside.get(inside.env["ECS_CONTAINER_METADATA_URI_V4"] + "/task")
    assert status == 200 and told["TaskARN"] == inside.arn and told["LaunchType"] == "FARGATE"
    assert sorted(c["Name"] for c in told["Containers"]) == ["main", "side"]
    assert told["Limits"] == {"CPU": 0.25, "Memory": 512}
    status, told = inside.get(inside.env["ECS_CONTAINER_METADATA_URI"] + "/task")
    assert status == 200 and told["TaskARN"] == inside.arn and "LaunchType" not in told
    status, told = inside.get("/v2/metadata")
    assert status == 200 and told["TaskARN"] == inside.arn
    side = Inside(host, inside.arn, "side")
    name, address = inside.sh("hostname").strip(), network["IPv4Addresses"][0]
    assert [address, name] in [line.split() for line in inside.sh("cat /etc/hosts").splitlines()]
    assert side.get(side.env["ECS_CONTAINER_METADATA_URI_V4"])[1]["Name"] == "side"


def test_a_container_reads_its_health_its_volumes_and_its_disk(host):
    check = {"command": ["CMD-SHELL", "echo fine; exit 0"], "interval": 5, "timeout": 2, "retries": 1}
    container = {"name": "main", "image": host.image, "command": list(PATIENT), "stopTimeout": 2, "healthCheck": check,
                 "mountPoints": [{"sourceVolume": "data", "containerPath": "/data"}],
                 "restartPolicy": {"enabled": True}}
    host.ecs.register_task_definition(
        family="full", containerDefinitions=[container], networkMode="awsvpc", cpu="256", memory="512",
        requiresCompatibilities=["FARGATE"], volumes=[{"name": "data"}],
    )
    arn = host.run("full")
    host.until(arn, "RUNNING")
    inside = Inside(host, arn)
    url = inside.env["ECS_CONTAINER_METADATA_URI_V4"]

    def healthy():
        told = inside.get(url)[1]
        return told if told["Health"].get("statusSince") else None

    told = wait_for("the health to be told", healthy, 60)
    assert told["Health"]["status"] == "HEALTHY" and told["Health"]["output"] == "fine\n"
    assert "exitCode" not in told["Health"]
    [volume] = told["Volumes"]
    assert volume["Destination"] == "/data" and volume["DockerName"].startswith("ecs-full-1-data-")
    assert volume["Source"].startswith("/") and told["RestartCount"] == 0
    inside.sh("dd if=/dev/zero of=/file bs=1048576 count=3 2>/dev/null")
    task = inside.get(url + "/task")[1]
    disk = task["EphemeralStorageMetrics"]
    assert disk["Reserved"] == 20496 and disk["Utilized"] >= 3, disk
    assert task["ClockDrift"]["ClockSynchronizationStatus"] == "SYNCHRONIZED"


def test_a_container_reads_what_it_uses(host):
    inside = host.running()
    url = inside.env["ECS_CONTAINER_METADATA_URI_V4"]
    status, first = inside.get(url + "/stats")
    assert status == 200
    assert first["memory_stats"]["usage"] > 0 and first["cpu_stats"]["cpu_usage"]["total_usage"] > 0
    assert "network_rate_stats" not in first
    gateway = inside.get(url)[1]["Networks"][0]["SubnetGatewayIpv4Address"].split("/")[0]
    inside.sh(f"ping -c 2 -W 1 {gateway} > /dev/null; sleep 1")
    status, second = inside.get(url + "/stats")
    assert second["read"] > first["read"] and second["preread"] == first["read"]
    assert second["networks"]["eth0"]["tx_bytes"] > first["networks"]["eth0"]["tx_bytes"]
    assert second["network_rate_stats"]["tx_bytes_per_sec"] > 0
    status, every = inside.get(url + "/task/stats")
    assert status == 200 and len(every) == 2 and all("cpu_stats" in one for one in every.values())


def test_credentials_are_a_session_of_the_role_named_after_the_task(host):
    inside = host.running()
    given = inside.credentials()
    assert sorted(given) == ["AccessKeyId", "Expiration", "RoleArn", "SecretAccessKey", "Token"]
    assert given["RoleArn"] == host.role
    who = host.server.client("sts", keys(given)).get_caller_identity()
    assert who["Arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/app/{inside.id}"
    host.server.client("ecs", keys(given)).list_clusters()
    with refused("AccessDeniedException"):
        host.server.client("ecs", keys(given)).list_tasks(cluster="meta")


def test_credentials_and_metadata_of_another_task_are_not_read(host):
    one, two = host.running(), host.running("other")
    status, said = one.get(two.env["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"])
    assert (status, said["code"]) == (400, "InvalidIdInRequest")
    status, said = one.get(two.env["ECS_CONTAINER_METADATA_URI_V4"])
    assert status == 404
    # Neither by way of the other's address, whatever its groups say.
    address = host.task(two.arn)["containers"][0]["networkInterfaces"][0]["privateIpv4Address"]
    done = subprocess.run(
        ["docker", "exec", one.container, "timeout", "2", "nc", address, "80"],
        input="GET /v2/metadata HTTP/1.0\r\n\r\n", capture_output=True, text=True,
    )
    assert "TaskARN" not in done.stdout
    # And not from the host, which has no such address.
    done = subprocess.run(["ip", "-o", "addr", "show"], capture_output=True, text=True, check=True)
    assert "169.254.170.2" not in done.stdout


def test_an_sdk_inside_a_task_finds_role_region_and_endpoint_by_itself(host):
    inside = host.running()
    script = (
        "import boto3, json; who = boto3.client('sts').get_caller_identity()['Arn'];"
        "clusters = boto3.client('ecs').list_clusters()['clusterArns']; print(json.dumps([who, clusters]))"
    )
    done = inside.python(script)
    assert done.returncode == 0, done.stderr
    who, clusters = json.loads(done.stdout)
    assert who == f"arn:aws:sts::{ACCOUNT}:assumed-role/app/{inside.id}"
    assert clusters == [f"arn:aws:ecs:us-east-1:{ACCOUNT}:cluster/meta"]
    # The call came from the task.
    address = host.task(inside.arn)["containers"][0]["networkInterfaces"][0]["privateIpv4Address"]
    events = host.server.client("cloudtrail").lookup_events(
        LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": "ListClusters"}]
    )["Events"]
    assert address in [json.loads(event["CloudTrailEvent"])["sourceIPAddress"] for event in events]


def test_the_apis_inside_a_task_have_no_administration(host):
    inside = host.running()
    status, _ = inside.raw("/_roadstead/metrics", port=4566)
    assert status >= 400


def test_a_task_without_a_role_has_no_credentials(host):
    inside = host.running(role=False)
    assert "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI" not in inside.env
    status, said = inside.get("/v2/credentials")
    assert (status, said["code"]) == (400, "NoIdInRequest")
    done = inside.python("import boto3; boto3.client('sts').get_caller_identity()")
    assert "NoCredentialsError" in done.stderr


def test_a_server_that_was_killed_serves_its_tasks_again(host):
    inside = host.running()
    before = inside.credentials()
    host.server.restart(signal.SIGKILL)
    again = wait_for("the listener to be there again", lambda: try_get(inside))
    assert again["TaskARN"] == inside.arn
    after = inside.credentials()
    assert after["RoleArn"] == before["RoleArn"]
    who = host.server.client("sts", keys(after)).get_caller_identity()
    assert who["Arn"].endswith(f"/{inside.id}")
    # What was given before is still good.
    assert host.server.client("sts", keys(before)).get_caller_identity()["Arn"] == who["Arn"]


def try_get(inside):
    try:
        status, told = inside.get(inside.env["ECS_CONTAINER_METADATA_URI_V4"] + "/task")
    except (AssertionError, IndexError):
        return None
    return told if status == 200 else None


def test_a_role_that_is_gone_gives_no_credentials_after_a_restart(host):
    inside = host.running()
    iam = host.server.client("iam")
    iam.delete_role_policy(RoleName="app", PolicyName="own")
    iam.delete_role(RoleName="app")
    host.server.restart()
    wait_for("the listener to be there again", lambda: try_get(inside))
    status, said = inside.get(inside.env["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"])
    assert (status, said["code"]) == (503, "CredentialsUninitialized")


def test_a_task_of_a_service_protects_itself(host):
    host.define("guarded")
    host.ecs.create_service(
        cluster="meta", serviceName="guarded", taskDefinition="guarded", desiredCount=1, launchType="FARGATE",
        networkConfiguration=host.network(),
    )
    arn = wait_for("a task", lambda: host.ecs.list_tasks(cluster="meta", serviceName="guarded")["taskArns"])[0]
    host.until(arn, "RUNNING")
    inside = Inside(host, arn)
    path = inside.env["ECS_AGENT_URI"].removeprefix("http://169.254.170.2") + "/task-protection/v1/state"
    status, text = inside.raw(path, "PUT", '{"ProtectionEnabled":true,"ExpiresInMinutes":60}')
    said = json.loads(text)
    assert status == 200 and said["protection"]["ProtectionEnabled"] is True, said
    protected = host.ecs.get_task_protection(cluster="meta", tasks=[arn])["protectedTasks"][0]
    assert protected["protectionEnabled"] and "expirationDate" in protected
    host.ecs.update_service(cluster="meta", service="guarded", desiredCount=0)
    wait_for("the event", lambda: [
        event for event in host.ecs.describe_services(cluster="meta", services=["guarded"])["services"][0]["events"]
        if "protected tasks" in event["message"]
    ])
    assert host.task(arn)["desiredStatus"] == "RUNNING"
    status, _ = inside.raw(path, "PUT", '{"ProtectionEnabled":false}')
    assert status == 200
    host.until(arn, "STOPPED")


def test_nothing_of_it_is_left_when_the_task_is_over(host):
    inside = host.running()
    pid = host.server.process.pid
    before = len(os.listdir(f"/proc/{pid}/fd"))
    for _ in range(3):
        arn = host.run("plain")
        host.until(arn, "RUNNING")
        host.ecs.stop_task(cluster="meta", task=arn)
        host.until(arn, "STOPPED")
    wait_for("the sockets to be closed", lambda: len(os.listdir(f"/proc/{pid}/fd")) <= before + 2)
    assert inside.get(inside.env["ECS_CONTAINER_METADATA_URI_V4"])[0] == 200

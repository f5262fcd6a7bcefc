"""Tasks at their private addresses: reached as their security groups say, through restarts, and gone without a trace."""

import os
import random
import signal
import subprocess
import sys
import urllib.error
import urllib.request

import pytest

from roadstead import Server, wait_for

SERVE = "trap 'exit 0' TERM; mkdir -p /tmp/w; echo {page} > /tmp/w/index.html; httpd -p 80 -h /tmp/w; {then}; while :; do sleep 0.2; done"
# Publishes what it gets from another, again and again; some static busybox crash on wget's own time limit.
RELAY = "while :; do timeout 1 wget -q -O /tmp/got http://{target}/ && mv /tmp/got /tmp/w/index.html; sleep 0.1; done & :"

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux") or os.geteuid() != 0, reason="only root on Linux gives tasks a network"
)


@pytest.fixture
def host(tmp_path, engine):
    """A server with real containers, whose tasks are all gone afterwards."""
    server = Server(tmp_path / "data", "--runtime", "docker").start()
    server.client("ecs").create_cluster(clusterName="net")
    host = Host(server, engine)
    yield host
    host.stop_all()
    server.stop()


class Host:
    def __init__(self, server, image):
        self.server, self.image, self.started = server, image, []

    @property
    def ecs(self):
        return self.server.client("ecs")

    @property
    def ec2(self):
        return self.server.client("ec2")

    def group(self, name):
        return self.ec2.create_security_group(GroupName=name, Description=name)["GroupId"]

    def allow(self, to, **peer):
        self.ec2.authorize_security_group_ingress(GroupId=to, IpPermissions=[port_80(**peer)])

    def revoke(self, to, **peer):
        self.ec2.revoke_security_group_ingress(GroupId=to, IpPermissions=[port_80(**peer)])

    def run(self, page, *groups, then=":"):
        command = ["sh", "-c", SERVE.format(page=page, then=then)]
        container = {"name": "web", "image": self.image, "command": command, "stopTimeout": 2}
        self.ecs.register_task_definition(
            family=page, containerDefinitions=[container], networkMode="awsvpc", cpu="256", memory="512",
            requiresCompatibilities=["FARGATE"],
        )
        subnet = self.ec2.describe_subnets()["Subnets"][0]["SubnetId"]
        network = {"awsvpcConfiguration": {"subnets": [subnet], "securityGroups": list(groups)}}
        answer = self.ecs.run_task(cluster="net", taskDefinition=page, launchType="FARGATE", networkConfiguration=network)
        self.started.append(answer["tasks"][0]["taskArn"])
        return self.started[-1]

    def task(self, arn):
        return self.ecs.describe_tasks(cluster="net", tasks=[arn])["tasks"][0]

    def until(self, arn, status):
        def look():
            task = self.task(arn)
            assert status == "STOPPED" or task["lastStatus"] != "STOPPED", task.get("stoppedReason")
            return task if task["lastStatus"] == status else None

        return wait_for(f"the task to be {status}", look)

    def address(self, arn):
        return self.until(arn, "RUNNING")["containers"][0]["networkInterfaces"][0]["privateIpv4Address"]

    def stop_all(self):
        for arn in self.started:
            self.ecs.stop_task(cluster="net", task=arn)
        for arn in self.started:
            self.until(arn, "STOPPED")

    def traces(self):
        """What the tasks of this server left on the machine."""
        containers = lines("docker", "ps", "-a", "--format", '{{.Label "com.amazonaws.ecs.task-arn"}}')
        enis = self.ec2.describe_network_interfaces()["NetworkInterfaces"]
        return [task for task in containers if task in self.started], self.links(), enis

    def links(self):
        """The interfaces that bear the mark of an ENI of this server's tasks."""
        known = {d["value"] for arn in self.started for d in self.task(arn)["attachments"][0]["details"] if d.get("value")}
        marked = lines("ip", "-o", "-d", "link")
        return [line for line in marked if any(eni in line for eni in known if eni.startswith("eni-"))]


def port_80(cidr=None, group=None):
    peer = {"IpRanges": [{"CidrIp": cidr}]} if cidr else {"UserIdGroupPairs": [{"GroupId": group}]}
    return {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, **peer}


def lines(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()


def page(address, timeout=5):
    with urllib.request.urlopen(f"http://{address}/", timeout=timeout) as answer:
        return answer.read().decode().strip()


def is_silent(address):
    try:
        page(address, timeout=1)
    except (TimeoutError, urllib.error.URLError):
        return True
    return False


def serves(address, text):
    def look():
        try:
            return page(address) == text
        except (OSError, urllib.error.URLError):
            return False

    wait_for(f"{address} to say {text!r}", look, seconds=20)


def test_a_task_is_reached_as_its_groups_say_at_once(host):
    front, back = host.group("front"), host.group("back")
    host.allow(front, cidr="0.0.0.0/0")
    behind = host.address(host.run("behind", back))
    relay = host.address(host.run("relay", front, then=RELAY.format(target=behind)))
    serves(relay, "relay")
    assert is_silent(behind), "nobody is allowed in"
    host.allow(back, group=front)
    serves(relay, "behind")
    assert is_silent(behind), "the host is in no group"
    host.allow(back, cidr="0.0.0.0/0")
    serves(behind, "behind")
    host.revoke(back, cidr="0.0.0.0/0")
    wait_for("the rule to be gone", lambda: is_silent(behind))
    host.stop_all()
    assert host.traces() == ([], [], [])


def test_many_tasks_serve_on_one_port(host):
    group = host.group("open")
    host.allow(group, cidr="0.0.0.0/0")
    arns = [host.run(f"page{number}", group) for number in range(3)]
    addresses = [host.address(arn) for arn in arns]
    assert len(set(addresses)) == 3
    for number, address in enumerate(addresses):
        serves(address, f"page{number}")
    host.stop_all()


def test_a_server_killed_at_any_time_leaves_running_tasks_alone_and_nothing_behind(host):
    group = host.group("open")
    host.allow(group, cidr="0.0.0.0/0")
    kept = host.run("kept", group)
    address = host.address(kept)
    serves(address, "kept")
    before = lines("docker", "ps", "-q", "--filter", f"label=com.amazonaws.ecs.task-arn={kept}")
    chance = random.Random(5)
    for number in range(6):
        host.run(f"round{number}", group)
        if number:
            host.ecs.stop_task(cluster="net", task=host.started[-2])
        signal_after = chance.random() * 1.5
        try:
            host.server.process.wait(timeout=signal_after)
        except subprocess.TimeoutExpired:
            pass
        host.server.restart(signal.SIGKILL)
        assert page(address) == "kept"
    assert lines("docker", "ps", "-q", "--filter", f"label=com.amazonaws.ecs.task-arn={kept}") == before
    assert host.until(kept, "RUNNING")["lastStatus"] == "RUNNING"
    host.until(host.started[-1], "RUNNING")
    host.stop_all()
    assert host.traces() == ([], [], [])


def test_a_pause_container_that_is_killed_stops_its_task(host):
    arn = host.run("fragile")
    host.address(arn)
    names = lines("docker", "ps", "--format", "{{.Names}}", "--filter", f"label=com.amazonaws.ecs.task-arn={arn}",
                  "--filter", "label=com.amazonaws.ecs.container-name=~internal~ecs~pause")
    subprocess.run(["docker", "kill", names[0]], check=True, capture_output=True)
    task = host.until(arn, "STOPPED")
    assert "pause container ended" in task["stoppedReason"]
    assert host.traces() == ([], [], [])

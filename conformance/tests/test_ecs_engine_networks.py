"""Tasks on a host that cannot give them interfaces: networks of the engine serve, and it is said what they do not do."""

import json
import os
import signal
import subprocess
import sys

import pytest

from roadstead import Server, wait_for
from test_ecs_network import Host, lines, page, serves

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="addresses are reached from Linux hosts only")


@pytest.fixture
def host(tmp_path, engine):
    """A server that is told to use networks of the engine, whose tasks are all gone afterwards."""
    server = Server(tmp_path / "data", "--runtime", "docker", "--network", "docker").start()
    server.client("ecs").create_cluster(clusterName="net")
    host = Host(server, engine)
    yield host
    host.stop_all()
    server.stop()
    assert networks() == []


def networks():
    return lines("docker", "network", "ls", "--filter", "label=roadstead.installation", "--format", "{{.Name}}")


def inspect(name):
    return json.loads(subprocess.run(["docker", "inspect", name], capture_output=True, text=True, check=True).stdout)[0]


def pause(arn):
    labels = f"label=com.amazonaws.ecs.task-arn={arn}", "label=com.amazonaws.ecs.container-name=~internal~ecs~pause"
    return inspect(lines("docker", "ps", "--format", "{{.Names}}", "--filter", labels[0], "--filter", labels[1])[0])


def tables():
    return [line for line in lines("nft", "list", "tables") if "roadstead" in line] if os.geteuid() == 0 else []


def test_tasks_have_their_addresses_and_it_is_said_that_groups_are_not_enforced(host):
    before = tables()
    closed = host.group("closed")
    one, two = host.run("one", closed), host.run("two", closed)
    first, second = host.address(one), host.address(two)
    vpc = host.ec2.describe_vpcs()["Vpcs"][0]
    assert networks() == [f"roadstead-{vpc['VpcId']}"]
    network = inspect(networks()[0])
    assert network["IPAM"]["Config"][0]["Subnet"] == vpc["CidrBlock"]
    for arn, address in ((one, first), (two, second)):
        held = pause(arn)
        assert held["NetworkSettings"]["Networks"][networks()[0]]["IPAddress"] == address
        assert held["Config"]["Labels"]["roadstead.security-groups"] == "not-enforced"
    serves(first, "one")
    serves(second, "two")
    inside = lines("docker", "ps", "--format", "{{.Names}}", "--filter", f"label=com.amazonaws.ecs.task-arn={one}", "--filter", "label=com.amazonaws.ecs.container-name=web")[0]
    seen = subprocess.run(["docker", "exec", inside, "wget", "-q", "-O-", f"http://{second}/"], capture_output=True, text=True)
    assert seen.stdout.strip() == "two", seen
    assert tables() == before, "no rules are made"
    log = "".join(host.server.log)
    assert "security groups are not enforced" in log
    assert log.count("the security groups of a task are not enforced") == 2


def test_a_killed_server_leaves_tasks_in_their_networks_and_no_network_behind(host):
    kept = host.run("kept", host.group("kept"))
    address = host.address(kept)
    serves(address, "kept")
    gone = host.run("gone")
    host.until(gone, "RUNNING")
    host.server.restart(signal.SIGKILL)
    assert page(address) == "kept"
    host.ecs.stop_task(cluster="net", task=gone)
    host.until(gone, "STOPPED")
    assert len(networks()) == 1
    late = host.run("late")
    serves(host.address(late), "late")
    for arn in (kept, late):
        host.ecs.stop_task(cluster="net", task=arn)
    wait_for("the network to be gone", lambda: networks() == [])


def test_a_block_that_the_engine_uses_already_fails_the_task_and_says_so(host):
    block = host.ec2.describe_vpcs()["Vpcs"][0]["CidrBlock"]
    subprocess.run(["docker", "network", "create", "--subnet", block, "roadstead-test-taken"], check=True, capture_output=True)
    try:
        arn = host.run("refused")
        task = host.until(arn, "STOPPED")
        assert task["stopCode"] == "TaskFailedToStart"
        assert block in task["stoppedReason"] and "overlaps" in task["stoppedReason"], task["stoppedReason"]
    finally:
        subprocess.run(["docker", "network", "rm", "roadstead-test-taken"], check=True, capture_output=True)

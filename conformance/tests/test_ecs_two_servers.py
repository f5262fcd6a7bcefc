"""Two servers on one host: a VPC's block is one's alone as long as that one has tasks there."""

import os
import sys

import pytest

from roadstead import PROGRAM, Server, run
from test_ecs_network import Host, host, page, serves  # noqa: F401

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux") or os.geteuid() != 0, reason="only root on Linux gives tasks a network"
)


@pytest.fixture
def other(tmp_path, engine):
    server = Server(tmp_path / "other", "--runtime", "docker").start()
    server.client("ecs").create_cluster(clusterName="net")
    other = Host(server, engine)
    yield other
    other.stop_all()
    server.stop()


def test_a_second_server_is_told_that_the_block_is_in_use_and_the_first_goes_on(host, other):  # noqa: F811
    group = host.group("open")
    host.allow(group, cidr="0.0.0.0/0")
    first = host.run("first", group)
    address = host.address(first)
    serves(address, "first")
    block = host.ec2.describe_vpcs()["Vpcs"][0]["CidrBlock"]
    refused = other.until(other.run("second"), "STOPPED")
    assert refused["stopCode"] == "TaskFailedToStart"
    reason = refused["stoppedReason"]
    assert f"the block {block} is in use by another installation on this host" in reason, reason
    assert page(address) == "first"
    assert f"{block} is in use by 1 tasks" in run(PROGRAM, "doctor").stdout
    # It is free when the first has left.
    host.stop_all()
    other.until(other.run("third"), "RUNNING")

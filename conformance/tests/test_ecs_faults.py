"""What goes wrong on real machines: an engine that restarts under load, disks that are full."""

import contextlib
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

import botocore.exceptions
import pytest

from roadstead import Server, wait_for

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux") or os.geteuid() != 0, reason="only root on Linux may mount and start engines"
)

STAY = ["sh", "-c", "trap 'exit 0' TERM; while :; do sleep 0.2; done"]


class Engine:
    """A Docker engine of the test's own, which it may stop."""

    def __init__(self, folder, *options):
        self.folder, self.options, self.process = folder, options, None
        self.host = f"unix://{folder}/docker.sock"

    def start(self):
        # Without a bridge an engine removes the one that the machine's own engine made: it gets a network of its own.
        arguments = [
            "unshare", "--net", "dockerd", "--host", self.host, "--data-root", f"{self.folder}/data", "--exec-root", f"{self.folder}/run",
            "--pidfile", f"{self.folder}/pid", "--bridge", "none", "--iptables=false", "--ip6tables=false",
            "--storage-driver", "vfs", "--containerd-namespace", "faults", "--containerd-plugins-namespace", "faults-plugins",
            *self.options,
        ]
        log = open(f"{self.folder}/log", "a", encoding="utf-8")
        self.process = subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        wait_for("the engine", lambda: self.docker("version", check=False).returncode == 0)
        return self

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=60)

    def docker(self, *arguments, check=True):
        return subprocess.run(["docker", "--host", self.host, *arguments], capture_output=True, text=True, check=check)

    def load(self, image):
        saved = subprocess.run(["docker", "save", image], capture_output=True, check=True).stdout
        subprocess.run(["docker", "--host", self.host, "load"], input=saved, capture_output=True, check=True)


@pytest.fixture
def own_engine(engine):
    """A second engine with the tests' image; its folder is short, for the sake of sockets' names."""
    if not shutil.which("dockerd") or not shutil.which("docker"):
        pytest.skip("dockerd is not on this machine, only its socket")
    folder = tempfile.mkdtemp(prefix="rsd-")
    data = pathlib.Path(folder, "data")
    data.mkdir()
    with mounted(data, "96m"):
        own = Engine(folder).start()
        try:
            own.load(engine)
            yield own
        finally:
            if own.process.poll() is None:
                own.stop()
    shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def mounted(folder, size):
    """A small disk in memory."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)], check=True)
    try:
        yield
    finally:
        wait_for("the disk to be free", lambda: subprocess.run(["umount", str(folder)], capture_output=True).returncode == 0)


@contextlib.contextmanager
def full(folder, but=0):
    """Nothing can be written to the disk of a folder, but so many bytes."""
    ballast, space = pathlib.Path(folder, "ballast"), os.statvfs(folder)
    with open(ballast, "wb") as file:
        with contextlib.suppress(OSError):
            os.posix_fallocate(file.fileno(), 0, max(space.f_bavail * space.f_frsize - but, 1))
    try:
        yield
    finally:
        ballast.unlink()


@pytest.fixture
def host(tmp_path, own_engine):
    """A server on the test's own engine."""
    server = Server(tmp_path / "data", "--runtime", "docker", env={"DOCKER_HOST": own_engine.host}).start()
    server.client("ecs").create_cluster(clusterName="faults")
    yield server
    server.stop()


def define(server, family, image, **container):
    definition = {"name": "main", "image": image, "command": STAY, "stopTimeout": 2, **container}
    server.client("ecs").register_task_definition(
        family=family, containerDefinitions=[definition], networkMode="awsvpc", cpu="256", memory="512",
        requiresCompatibilities=["FARGATE"],
    )


def network(server):
    subnet = server.client("ec2").describe_subnets()["Subnets"][0]["SubnetId"]
    return {"awsvpcConfiguration": {"subnets": [subnet]}}


def run_task(server, family):
    answer = server.client("ecs").run_task(
        cluster="faults", taskDefinition=family, launchType="FARGATE", networkConfiguration=network(server)
    )
    return answer["tasks"][0]["taskArn"]


def task(server, arn):
    return server.client("ecs").describe_tasks(cluster="faults", tasks=[arn])["tasks"][0]


def until(server, arn, status, seconds=60):
    return wait_for(
        f"{arn} to be {status}", lambda: (found := task(server, arn))["lastStatus"] == status and found, seconds
    )


def test_an_engine_that_restarts_under_load_costs_tasks_but_no_service(host, own_engine, engine):
    ecs = host.client("ecs")
    define(host, "stay", engine)
    ecs.create_service(
        cluster="faults", serviceName="keeps", taskDefinition="stay", desiredCount=3, launchType="FARGATE",
        networkConfiguration=network(host),
    )

    def running():
        arns = ecs.list_tasks(cluster="faults", serviceName="keeps")["taskArns"]
        tasks = ecs.describe_tasks(cluster="faults", tasks=arns)["tasks"] if arns else []
        return {t["taskArn"] for t in tasks if t["lastStatus"] == "RUNNING"}

    before = wait_for("three tasks", lambda: (found := running()) and len(found) == 3 and found)
    # Some of these are on their way when the engine goes.
    single = [run_task(host, "stay") for _ in range(6)]
    own_engine.stop()
    asked = time.monotonic()
    late = run_task(host, "stay")
    assert task(host, late)["lastStatus"] in ("PROVISIONING", "PENDING")
    assert time.monotonic() - asked < 5, "calls wait for an engine that is not there"
    own_engine.start()
    after = wait_for(
        "three new tasks", lambda: (found := running()) and len(found) == 3 and not found & before and found, 120
    )
    assert after.isdisjoint(before)
    for arn in before:
        until(host, arn, "STOPPED")
    # What was only asked for while the engine was away runs; what ran is told to have ended, with its exit code.
    until(host, late, "RUNNING", 120)
    for arn in single:
        found = wait_for("an end or a start", lambda: task(host, arn)["lastStatus"] in ("RUNNING", "STOPPED") and task(host, arn), 120)
        if found["lastStatus"] == "STOPPED":
            assert found["stoppedReason"], found
    ecs.delete_service(cluster="faults", service="keeps", force=True)
    for arn in [*single, late]:
        if task(host, arn)["lastStatus"] != "STOPPED":
            ecs.stop_task(cluster="faults", task=arn)
    for arn in [*single, late, *after]:
        until(host, arn, "STOPPED", 120)
    left = own_engine.docker("ps", "--all", "--quiet").stdout.split()
    assert left == [], own_engine.docker("ps", "--all").stdout
    assert host.client("ec2").describe_network_interfaces()["NetworkInterfaces"] == []


def test_a_full_disk_of_the_engine_fails_the_task_with_the_reason_and_the_next_one_runs(host, own_engine, engine):
    define(host, "stay", engine)

    def come_and_go():
        fine = run_task(host, "stay")
        until(host, fine, "RUNNING")
        host.client("ecs").stop_task(cluster="faults", task=fine)
        until(host, fine, "STOPPED")

    # The image of pause containers is on the engine from then on.
    come_and_go()
    with full(f"{own_engine.folder}/data"):
        failed = until(host, run_task(host, "stay"), "STOPPED")
        assert failed["stopCode"] == "TaskFailedToStart", failed
        assert "no space left on device" in failed["stoppedReason"], failed["stoppedReason"]
    come_and_go()
    assert own_engine.docker("ps", "--all", "--quiet").stdout.split() == []


def test_a_full_disk_of_the_server_loses_nothing_that_was_acknowledged(tmp_path):
    folder = tmp_path / "small"
    folder.mkdir()
    with mounted(folder, "24m"):
        server = Server(folder / "data", "--runtime", "simulated").start()
        acknowledged = 0
        with full(folder, but=256 * 1024):
            ecs = server.client("ecs")
            # What is refused or cut off counts as nothing; what was answered must be there later.
            with pytest.raises((botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError)):
                for acknowledged in range(20_000):
                    container = {"name": "main", "image": "i", "memory": 64, "command": ["x" * 20_000]}
                    ecs.register_task_definition(family="full", containerDefinitions=[container])
            assert server.process.wait(timeout=30) != 0, "the server goes on although it cannot write"
            assert "space" in "".join(server.log[-20:]), server.log[-20:]
        server.start()
        pages = server.client("ecs").get_paginator("list_task_definitions").paginate(familyPrefix="full")
        kept = [arn for page in pages for arn in page["taskDefinitionArns"]]
        assert acknowledged > 0
        assert len(kept) in (acknowledged, acknowledged + 1), (len(kept), acknowledged)
        assert server.stop() == 0

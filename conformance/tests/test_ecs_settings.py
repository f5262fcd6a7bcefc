"""What a task definition says about its containers, seen from inside them on a real engine."""

import os
import pathlib
import subprocess

import pytest
from pytest import refused

from roadstead import Server, wait_for

CHECK = {"command": ["CMD-SHELL", "test -f /ready"], "interval": 5, "timeout": 2, "retries": 1}


def container(name, image, script, **more):
    return {"name": name, "image": image, "command": ["sh", "-c", script], **more}


def run(server, name, *containers, **more):
    """Runs a task of these containers; its ARN."""
    ecs = server.client("ecs")
    ecs.create_cluster(clusterName=name)
    definition = ecs.register_task_definition(
        family=name, containerDefinitions=list(containers), networkMode="awsvpc", cpu="256", memory="512",
        requiresCompatibilities=["FARGATE"], **more,
    )["taskDefinition"]["taskDefinitionArn"]
    subnet = server.client("ec2").describe_subnets()["Subnets"][0]["SubnetId"]
    answer = ecs.run_task(
        cluster=name, taskDefinition=definition, launchType="FARGATE",
        networkConfiguration={"awsvpcConfiguration": {"subnets": [subnet]}},
    )
    assert answer["failures"] == []
    return answer["tasks"][0]["taskArn"]


def seen(server, name, task):
    return server.client("ecs").describe_tasks(cluster=name, tasks=[task])["tasks"][0]


def stopped(server, name, task, seconds=90):
    def look():
        found = seen(server, name, task)
        return found if found["lastStatus"] == "STOPPED" else None

    return wait_for("the task to end", look, seconds)


def running(server, name, task):
    def look():
        found = seen(server, name, task)
        assert found["lastStatus"] != "STOPPED", found.get("stoppedReason")
        return found if found["lastStatus"] == "RUNNING" else None

    return wait_for("the task to run", look)


def codes(task):
    return {container["name"]: container.get("exitCode") for container in task["containers"]}


def docker(*words):
    return subprocess.run(["docker", *words], check=True, capture_output=True, text=True).stdout.strip()


def test_the_settings_are_those_asked_for(server, name, engine):
    """Each line that does not hold ends the container with its number."""
    lines = [
        'test "$(id -u):$(id -g)" = 65534:1000',
        'test "$(pwd)" = /tmp',
        "! touch /here 2>/dev/null",
        "touch /scratch/x",
        'test "$(df -k /scratch | tail -1 | awk \'{print $2}\')" = 8192',
        "grep ' /scratch ' /proc/mounts | grep -q noexec",
        'test "$(ulimit -n)" = 100',
        'test "$(ulimit -Hn)" = 200',
        'test "$(cat /proc/sys/net/core/somaxconn)" = 1234',
        'test "$(cat /proc/sys/kernel/msgmax)" = 9000',
    ]
    script = "\n".join(f"{line} || exit {number}" for number, line in enumerate(lines, 1))
    asked = container(
        "app", engine, script, user="65534:1000", workingDirectory="/tmp", readonlyRootFilesystem=True,
        linuxParameters={"tmpfs": [{"containerPath": "/scratch", "size": 8, "mountOptions": ["noexec", "mode=1777"]}]},
        ulimits=[{"name": "nofile", "softLimit": 100, "hardLimit": 200}],
        systemControls=[
            {"namespace": "net.core.somaxconn", "value": "1234"}, {"namespace": "kernel.msgmax", "value": "9000"},
        ],
    )
    ended = stopped(server, name, run(server, name, asked))
    assert (ended["stopCode"], codes(ended)) == ("EssentialContainerExited", {"app": 0}), ended


def test_containers_share_a_volume_of_their_task(server, name, engine):
    mount = [{"sourceVolume": "data", "containerPath": "/data"}]
    writer = container("writer", engine, "echo hello > /data/x", essential=False, mountPoints=mount)
    reader = container(
        "reader", engine, "test $(cat /data/x) = hello && ! touch /data/y 2>/dev/null && test $(cat /other/x) = hello",
        mountPoints=[
            {"sourceVolume": "data", "containerPath": "/data", "readOnly": True},
            {"sourceVolume": "data", "containerPath": "/other"},
        ],
        dependsOn=[{"containerName": "writer", "condition": "SUCCESS"}],
    )
    heir = container(
        "heir", engine, "test $(cat /data/x) = hello", volumesFrom=[{"sourceContainer": "writer", "readOnly": True}],
        dependsOn=[{"containerName": "writer", "condition": "COMPLETE"}], essential=False,
    )
    task = run(server, name, heir, reader, writer, volumes=[{"name": "data"}])
    ended = stopped(server, name, task)
    assert codes(ended) == {"writer": 0, "reader": 0, "heir": 0}, ended
    ours = f"label=com.amazonaws.ecs.task-arn={task}"
    assert docker("volume", "ls", "--quiet", "--filter", ours) == "", "the volume goes with the task"


def test_containers_see_each_others_processes_when_they_ask_for_it(server, name, engine):
    one = container("one", engine, "exec sleep 987")
    two = container("two", engine, "until grep -q 987 /proc/[0-9]*/cmdline; do sleep 0.1; done", essential=True)
    ended = stopped(server, name, run(server, name, one, two, pidMode="task"))
    assert codes(ended)["two"] == 0, ended


def test_the_containers_of_a_task_share_its_limits(server, name, engine):
    if "cgroupfs" not in docker("info", "--format", "{{.CgroupDriver}}"):
        pytest.skip("the engine does not manage control groups by itself")
    task = run(server, name, container("one", engine, "exec sleep 600"), container("two", engine, "exec sleep 600"))
    running(server, name, task)
    made = docker("ps", "--quiet", "--filter", f"label=com.amazonaws.ecs.task-arn={task}").split()
    parents = {docker("inspect", "--format", "{{.HostConfig.CgroupParent}}", one) for one in made} - {""}
    assert len(made) == 3 and len(parents) == 1, "two containers and the one that holds their network"
    parent, task_id = parents.pop(), task.rsplit("/", 1)[1]
    assert parent.endswith(task_id)
    root = pathlib.Path("/sys/fs/cgroup")
    second = (root / "cgroup.controllers").exists()
    memory = root / parent[1:] if second else root / "memory" / parent[1:]
    assert (memory / ("memory.max" if second else "memory.limit_in_bytes")).read_text().strip() == str(512 << 20)
    if second:
        assert (memory / "cpu.max").read_text().split() == ["25000", "100000"]
    else:
        assert (root / "cpu" / parent[1:] / "cpu.cfs_quota_us").read_text().strip() == "25000"
    assert len([child for child in memory.iterdir() if child.is_dir()]) == 2, "both containers are in it"
    server.client("ecs").stop_task(cluster=name, task=task)
    stopped(server, name, task)
    assert not memory.exists(), "the group goes with the task"


def test_a_task_ends_with_the_signal_of_its_image(server, name, engine):
    image = f"roadstead/{name}:latest"
    subprocess.run(
        ["docker", "build", "--quiet", "--tag", image, "-"], input=f"FROM {engine}\nSTOPSIGNAL SIGUSR1\n", text=True,
        check=True, capture_output=True, env={**os.environ, "DOCKER_BUILDKIT": "0"},
    )
    try:
        script = "trap 'exit 44' USR1; trap 'exit 55' TERM; sleep 600 & while :; do wait; done"
        task = run(server, name, container("app", image, script))
        running(server, name, task)
        server.client("ecs").stop_task(cluster=name, task=task)
        assert codes(stopped(server, name, task)) == {"app": 44}
    finally:
        docker("rmi", image)


def test_a_dependency_that_takes_too_long_fails_the_task(server, name, engine):
    slow = container("slow", engine, "exec sleep 600", healthCheck=CHECK, startTimeout=4)
    app = container("app", engine, "true", dependsOn=[{"containerName": "slow", "condition": "HEALTHY"}])
    ended = stopped(server, name, run(server, name, slow, app))
    assert (ended["stopCode"], ended["stoppedReason"]) == ("TaskFailedToStart", "Task failed to start")
    assert codes(ended)["app"] is None and "startedAt" not in ended


def test_a_limit_that_the_host_does_not_grant_is_named(server, name, engine):
    asked = container("app", engine, "true", ulimits=[{"name": "nofile", "softLimit": 2**30, "hardLimit": 2**30}])
    ended = stopped(server, name, run(server, name, asked))
    if ended["stopCode"] == "EssentialContainerExited":
        pytest.skip("this host grants as many open files")
    assert ended["stopCode"] == "TaskFailedToStart"
    assert "`nofile`" in ended["stoppedReason"] and str(2**30) in ended["stoppedReason"], ended["stoppedReason"]


def test_a_limit_that_the_host_does_not_grant_is_lowered_where_that_is_wanted(tmp_path, name, engine):
    server = Server(tmp_path / "data", "--runtime", "docker", "--lower-limits").start()
    try:
        limits = [{"name": "nofile", "softLimit": 2**30, "hardLimit": 2**30}]
        ended = stopped(server, name, run(server, name, container("app", engine, "exit $(ulimit -n | wc -c)", ulimits=limits)))
        [app] = ended["containers"]
        assert ended["stopCode"] == "EssentialContainerExited", ended["stoppedReason"]
        if app["exitCode"] < len(str(2**30)) + 1:
            assert app["reason"].startswith("Resource limits were lowered to what the host grants: nofile from "), app
    finally:
        server.stop()


def test_an_image_that_does_not_exist_is_told(server, name, engine):
    ended = stopped(server, name, run(server, name, container("app", f"127.0.0.1:1/{name}:none", "true")))
    assert ended["stopCode"] == "TaskFailedToStart"
    assert ended["stoppedReason"].startswith("CannotPullContainerError: "), ended["stoppedReason"]


def test_a_container_is_started_again_in_its_place(server, name, engine):
    """The shortest period that ECS takes is a minute, so this test takes a little longer."""
    script = "test -f /again && exec sleep 600; touch /again; sleep 61; exit 3"
    asked = container("app", engine, script, restartPolicy={"enabled": True, "restartAttemptPeriod": 60})
    task = run(server, name, asked)
    before = running(server, name, task)
    ours = ["--filter", f"label=com.amazonaws.ecs.task-arn={task}",
            "--filter", "label=com.amazonaws.ecs.container-name=app"]
    made = docker("ps", "--quiet", "--no-trunc", *ours)

    def again():
        state = docker("inspect", "--format", "{{.State.Running}} {{.State.FinishedAt}}", made)
        return state if state.startswith("true") and not state.endswith("0001-01-01T00:00:00Z") else None

    wait_for("the container to be started again", again, 90)
    now = seen(server, name, task)
    assert (now["lastStatus"], now["version"]) == ("RUNNING", before["version"]), "a restart makes no event"
    server.client("ecs").stop_task(cluster=name, task=task)
    assert stopped(server, name, task)["stopCode"] == "UserInitiated"


def test_what_fargate_does_not_run_is_refused(server, name):
    ecs = server.client("ecs")
    definition = {
        "family": name, "networkMode": "awsvpc", "cpu": "256", "memory": "512", "requiresCompatibilities": ["FARGATE"],
    }
    with refused("ClientException", status=400):
        ecs.register_task_definition(
            containerDefinitions=[{"name": "app", "image": "x", "privileged": True}], **definition
        )
    with refused("ClientException", "Task definition doesn't have any essential container."):
        ecs.register_task_definition(
            containerDefinitions=[{"name": "app", "image": "x", "essential": False}], **definition
        )

"""The command line is a contract."""

import os
import pathlib
import re
import shutil
import tempfile

import pytest

from roadstead import ACCOUNT, PROGRAM, Server, environment, exports, run, wait_for


def test_env_prints_what_clients_need(server):
    printed = server.command("env")
    assert printed.returncode == 0
    assert all(line.startswith("export ") for line in printed.stdout.splitlines())
    found = exports(printed.stdout)
    assert found["AWS_ENDPOINT_URL"] == server.url
    assert found["AWS_REGION"] == found["AWS_DEFAULT_REGION"] == "us-east-1"
    assert found["AWS_DISABLE_HOST_PREFIX_INJECTION"] == "true"
    assert found["AWS_ACCESS_KEY_ID"] and found["AWS_SECRET_ACCESS_KEY"]


def test_env_without_a_server_says_so(tmp_path):
    printed = run(PROGRAM, "env", "--data-dir", tmp_path)
    assert printed.returncode != 0
    assert "export" not in printed.stdout and printed.stderr.strip()


def test_options_come_from_the_environment_too(tmp_path):
    settings = {
        "ROADSTEAD_ACCOUNT": "123456789012", "ROADSTEAD_REGION": "eu-central-1", "ROADSTEAD_RUNTIME": "simulated",
        "ROADSTEAD_ROOT_ACCESS_KEY_ID": "AKIAROADSTEAD0000000", "ROADSTEAD_ROOT_SECRET_ACCESS_KEY": "a/secret+of=mine",
    }
    server = Server(tmp_path / "data", env=settings).start()
    try:
        assert server.exports["AWS_REGION"] == "eu-central-1"
        assert (server.root.id, server.root.secret) == ("AKIAROADSTEAD0000000", "a/secret+of=mine")
        assert server.client("sts").get_caller_identity()["Account"] == "123456789012"
    finally:
        assert server.stop() == 0


def test_logs_go_to_standard_error_and_name_requests_and_no_secrets(tmp_path):
    server = Server(tmp_path / "data", "--runtime", "simulated", "--log", "debug").start()
    answer = server.client("ecs").create_cluster(clusterName="a")
    assert server.stop() == 0
    log = wait_for("the request in the log", lambda: "".join(server.log) if answer["ResponseMetadata"]["RequestId"] in "".join(server.log) else None, 5)
    assert server.root.secret not in log


@pytest.mark.parametrize("arguments", [["--version"], ["--help"], ["completions", "bash"], ["completions", "zsh"], ["completions", "fish"]])
def test_the_program_explains_itself(arguments):
    printed = run(PROGRAM, *arguments)
    assert printed.returncode == 0 and printed.stdout.strip()
    if arguments == ["--version"]:
        assert re.match(r"roadstead \d+\.\d+\.\d+", printed.stdout)


@pytest.mark.parametrize("arguments", [["nonsense"], ["serve", "--listen", "nowhere"], ["serve", "--account", "12"], ["serve", "--store", "paper"]])
def test_a_mistake_is_an_error_in_plain_words(arguments, tmp_path):
    place = ["--data-dir", tmp_path] if arguments[0] == "serve" else []
    printed = run(PROGRAM, *arguments, *place, timeout=10)
    assert printed.returncode != 0
    assert printed.stderr.strip() and "panicked" not in printed.stderr


def test_trace_shows_what_ecs_did_for_the_user(own_server):
    ecs = own_server.client("ecs")
    ecs.create_cluster(clusterName="a")
    container = {"name": "app", "image": "busybox"}
    definition = ecs.register_task_definition(
        family="a", containerDefinitions=[container], networkMode="awsvpc", cpu="256", memory="512",
        requiresCompatibilities=["FARGATE"],
    )["taskDefinition"]["taskDefinitionArn"]
    subnet = own_server.client("ec2").describe_subnets()["Subnets"][0]["SubnetId"]
    ecs.run_task(
        cluster="a", taskDefinition=definition, launchType="FARGATE",
        networkConfiguration={"awsvpcConfiguration": {"subnets": [subnet]}},
    )

    def traced():
        printed = own_server.command("trace")
        assert printed.returncode == 0, printed.stderr
        return next((line for line in printed.stdout.splitlines() if "DescribeSubnets" in line), None)

    line = wait_for("the call in the audit trail", traced, 5)
    for part in ("us-east-1", "AWSServiceRoleForECS", "ECSTaskManagement"):
        assert part in line, line


def test_explain_says_why(server, user):
    arn, _ = user(pytest.allow("ecs:ListClusters"))
    may = run(PROGRAM, "explain", "--help")
    assert may.returncode == 0, may.stderr
    for action, verdict in (("ecs:ListClusters", "allow"), ("ecs:CreateCluster", "den")):
        resource = f"arn:aws:ecs:us-east-1:{ACCOUNT}:cluster/a"
        said = server.command("explain", "--principal", arn, "--action", action, "--resource", resource)
        assert verdict in said.stdout.lower(), (said.stdout, said.stderr)


def test_doctor_names_a_data_directory_that_cannot_be_written_to(tmp_path):
    (tmp_path / "file").write_text("not a directory")
    printed = run(PROGRAM, "doctor", "--data-dir", tmp_path / "file")
    assert printed.returncode != 0 and f"FAIL  data directory: {tmp_path}/file" in printed.stdout


def test_doctor_checks_the_host(engine, tmp_path):
    printed = run(PROGRAM, "doctor", "--data-dir", tmp_path / "data")
    assert printed.stdout.strip()
    if os.geteuid() == 0:
        assert printed.returncode == 0, printed.stdout + printed.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives tasks a network")
def test_doctor_names_all_that_is_missing_without_nft(engine):
    # In a mount namespace of its own, the program is none.
    hidden = f"mount --bind /dev/null $(readlink -f $(command -v nft)) && exec {PROGRAM} doctor"
    said = run("unshare", "--mount", "sh", "-c", hidden).stdout
    lacking = [line for line in said.splitlines() if line.startswith("warn") and "nft" in line]
    assert len(lacking) == 1, said
    assert "security groups are not enforced" in lacking[0] and "no metadata or credentials" in lacking[0]
    working = [line for line in said.splitlines() if line.startswith("ok") and "network interfaces of their own" in line]
    assert len(working) == 1 and "metadata" not in working[0], said


def test_the_demo_does_what_it_says(engine):
    shown = run(PROGRAM, "demo", timeout=300)
    assert shown.returncode == 0, shown.stdout + shown.stderr
    for part in ("AWSServiceRoleForECS", "CreateNetworkInterface", "ECSTaskManagement"):
        assert part in shown.stdout, f"{part} is not in\n{shown.stdout}"
    # The refusal names every region and cluster that holds the role.
    made = set(re.findall(r"arn:aws:ecs:[a-z0-9-]+:\d{12}:cluster/\S+", shown.stdout))
    refusal = shown.stdout.split("cannot be deleted", 1)[-1].split("StopTask", 1)[0]
    assert made and set(re.findall(r"arn:aws:ecs:[a-z0-9-]+:\d{12}:cluster/[\w-]+", refusal)) == made, refusal


def test_the_demo_runs_for_a_user_who_is_not_root(engine):
    socket = pathlib.Path("/var/run/docker.sock")
    if os.geteuid() != 0 or not shutil.which("setpriv") or not socket.is_socket():
        pytest.skip("takes root, setpriv and the engine's socket at its usual place")
    with tempfile.TemporaryDirectory() as folder:
        home = pathlib.Path(folder)
        program = shutil.copy(PROGRAM, home / "roadstead")
        home.chmod(0o777)
        somebody = ["setpriv", "--reuid", "65534", "--regid", str(socket.stat().st_gid), "--clear-groups", "--bounding-set=-all"]
        shown = run(*somebody, program, "demo", "--image", engine, env=environment(HOME=folder), timeout=300)
    assert shown.returncode == 0, shown.stdout + shown.stderr
    assert "enforce no security groups" in shown.stdout and "AWSServiceRoleForECS" in shown.stdout


def test_the_demo_without_an_engine_says_what_to_do():
    shown = run(PROGRAM, "demo", env=environment(DOCKER_HOST="unix:///nowhere/docker.sock"), timeout=60)
    assert shown.returncode != 0
    assert "doctor" in (shown.stdout + shown.stderr).lower() or "engine" in (shown.stdout + shown.stderr).lower()

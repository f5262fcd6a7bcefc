"""The log driver `awslogs` on a real engine: what containers write is in CloudWatch Logs, as the execution role may."""

import json
import re
import signal

import pytest
from pytest import allow, refused

from roadstead import ACCOUNT, REGION, wait_for
from test_ecs_tasks import network, reaches

TRUST = {"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}]}
WRITES = ("logs:CreateLogStream", "logs:PutLogEvents")
FAILED = (
    "ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: failed to create "
    "Cloudwatch log {what}: operation error CloudWatch Logs: {operation}, https response error StatusCode: 400, RequestID: "
    "<uuid>, {why} : exit status 1"
)
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def shell(script):
    return ["sh", "-c", script]


class Logged:
    """A cluster, an execution role and perhaps a log group of one name."""

    def __init__(self, server, name, image, statements, group=True, runtime="docker"):
        self.server, self.name, self.image = server, name, image
        self.ecs, self.logs, self.iam = (server.client(service) for service in ("ecs", "logs", "iam"))
        self.ecs.create_cluster(clusterName=name)
        self.role = self.iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
        self.may(*statements)
        if group:
            self.logs.create_log_group(logGroupName=name)

    def may(self, *statements):
        document = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
        self.iam.put_role_policy(RoleName=self.name, PolicyName="p", PolicyDocument=document)

    def run(self, command, options=None, **more):
        """Runs a task; its ARN and the name of its stream."""
        given = {"awslogs-group": self.name, "awslogs-region": REGION, "awslogs-stream-prefix": "p", **(options or {})}
        container = {
            "name": "app", "image": self.image, "command": command,
            "logConfiguration": {"logDriver": "awslogs", "options": given}, **more,
        }
        made = self.ecs.register_task_definition(
            family=self.name, containerDefinitions=[container], networkMode="awsvpc", cpu="256", memory="512",
            requiresCompatibilities=["FARGATE"], executionRoleArn=self.role,
        )["taskDefinition"]["taskDefinitionArn"]
        answer = self.ecs.run_task(
            cluster=self.name, taskDefinition=made, launchType="FARGATE", networkConfiguration=network(self.server),
        )
        task = answer["tasks"][0]["taskArn"]
        return task, f"p/app/{task.rsplit('/', 1)[1]}"

    def reaches(self, task, status):
        return reaches(self.ecs, self.name, task, status)

    def lines(self, stream):
        """All messages of a stream, read page by page."""
        found, token = [], {}
        while True:
            page = self.logs.get_log_events(
                logGroupName=self.name, logStreamName=stream, startFromHead=True, **token)
            found += [event["message"] for event in page["events"]]
            if not page["events"]:
                return found
            token = {"nextToken": page["nextForwardToken"]}

    def stop(self, task):
        self.ecs.stop_task(cluster=self.name, task=task)
        return self.reaches(task, "STOPPED")


@pytest.fixture
def logged(server, name, engine):
    return Logged(server, name, engine, [allow(*WRITES)])


def test_all_lines_of_a_container_are_there_in_order_and_the_last_before_its_exit_too(logged):
    task, stream = logged.run(shell("i=0; while [ $i -lt 5000 ]; do echo line $i; i=$((i+1)); done; printf 'the end'; exit 3"))
    stopped = logged.reaches(task, "STOPPED")
    assert stopped["containers"][0]["exitCode"] == 3, stopped
    assert logged.lines(stream) == [f"line {number}" for number in range(5000)] + ["the end"]


def test_lines_can_be_read_while_the_container_runs(logged):
    task, stream = logged.run(shell("trap 'echo bye; exit 0' TERM; echo out; echo err >&2; sleep 600 & wait"))
    logged.reaches(task, "RUNNING")
    wait_for("two lines", lambda: sorted(logged.lines(stream)) == ["err", "out"], 10)
    logged.stop(task)
    assert logged.lines(stream)[2:] == ["bye"]


def test_a_terminals_lines_end_as_terminals_end_them(logged):
    task, stream = logged.run(shell("echo one; echo two"), pseudoTerminal=True)
    logged.reaches(task, "STOPPED")
    assert logged.lines(stream) == ["one\r", "two\r"]


def test_very_long_lines_are_cut_to_what_an_event_may_hold(logged):
    task, stream = logged.run(shell("head -c 300000 /dev/zero | tr '\\0' x; echo; head -c 20000 /dev/zero | tr '\\0' y; echo"))
    logged.reaches(task, "STOPPED")
    assert [(line[0], len(line)) for line in logged.lines(stream)] == [("x", 262118), ("x", 37882), ("y", 20000)]


def test_lines_that_belong_together_are_one_event(logged):
    task, stream = logged.run(
        shell("echo 'BEGIN one'; echo '  at main'; echo '  at start'; echo 'BEGIN two'"),
        {"awslogs-multiline-pattern": "^BEGIN"},
    )
    logged.reaches(task, "STOPPED")
    assert logged.lines(stream) == ["BEGIN one\n  at main\n  at start\n", "BEGIN two\n"]


def stopped_for(logged, **options):
    task, _ = logged.run(shell("echo never"), options)
    stopped = logged.reaches(task, "STOPPED")
    assert stopped["stopCode"] == "TaskFailedToStart" and "startedAt" not in stopped
    container = stopped["containers"][0]
    assert container["lastStatus"] == "STOPPED" and "runtimeId" in container
    assert not {"exitCode", "reason", "imageDigest"} & set(container)
    return task.rsplit("/", 1)[1], UUID.sub("<uuid>", stopped["stoppedReason"])


def test_a_missing_group_stops_the_task(server, name, engine):
    logged = Logged(server, name, engine, [allow(*WRITES)], group=False)
    why = "ResourceNotFoundException: The specified log group does not exist."
    assert stopped_for(logged)[1] == FAILED.format(what="stream", operation="CreateLogStream", why=why)


def test_a_role_without_permission_stops_the_task(server, name, engine):
    logged = Logged(server, name, engine, [
        allow(*WRITES), {"Effect": "Deny", "Action": "logs:CreateLogStream", "Resource": "*"}])
    task, reason = stopped_for(logged)
    why = (
        f"api error AccessDeniedException: User: arn:aws:sts::{ACCOUNT}:assumed-role/{name}/{task} is not authorized to "
        f"perform: logs:CreateLogStream on resource: arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{name}:log-stream:p/app/{task} "
        "with an explicit deny in an identity-based policy"
    )
    assert reason == FAILED.format(what="stream", operation="CreateLogStream", why=why)


def test_a_role_that_may_not_make_the_group_stops_the_task(server, name, engine):
    logged = Logged(server, name, engine, [allow(*WRITES)], group=False)
    task, reason = stopped_for(logged, **{"awslogs-create-group": "true"})
    why = (
        f"api error AccessDeniedException: User: arn:aws:sts::{ACCOUNT}:assumed-role/{name}/{task} is not authorized to "
        f"perform: logs:CreateLogGroup on resource: arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{name} because no "
        "identity-based policy allows the logs:CreateLogGroup action"
    )
    assert reason == FAILED.format(what="group", operation="CreateLogGroup", why=why)


def test_the_group_is_made_where_the_role_may(server, name, engine):
    logged = Logged(server, name, engine, [allow(*WRITES, "logs:CreateLogGroup")], group=False)
    task, stream = logged.run(shell("echo hello"), {"awslogs-create-group": "true"})
    logged.reaches(task, "STOPPED")
    assert logged.lines(stream) == ["hello"]


def test_a_permission_that_is_taken_away_for_a_while_costs_no_line(logged):
    task, stream = logged.run(
        shell("trap 'exit 0' TERM; i=0; while :; do echo $i; i=$((i+1)); sleep 0.1; done"), {"mode": "blocking"})
    logged.reaches(task, "RUNNING")
    wait_for("a line", lambda: logged.lines(stream))
    logged.may(allow("logs:CreateLogStream"))
    before = len(logged.lines(stream))
    wait_for("time to pass", lambda: logged.reaches(task, "RUNNING") and len(logged.lines(stream)) <= before + 1, 3)
    logged.may(allow(*WRITES))
    wait_for("lines again", lambda: len(logged.lines(stream)) > before + 10)
    logged.stop(task)
    lines = logged.lines(stream)
    assert lines == [str(number) for number in range(len(lines))]


def test_nothing_is_lost_and_a_batch_at_most_is_doubled_when_the_server_is_killed(own_docker_server, name, engine):
    server = own_docker_server
    logged = Logged(server, name, engine, [allow(*WRITES)])
    task, stream = logged.run(shell("i=0; while [ $i -lt 3000 ]; do echo $i; i=$((i+1)); [ $((i % 20)) = 0 ] && sleep 0.1; done"))
    logged.reaches(task, "RUNNING")
    wait_for("lines", lambda: len(logged.lines(stream)) > 100)
    for _ in range(3):
        server.restart(signal.SIGKILL)
        logged = again(logged)
        seen = len(logged.lines(stream))
        wait_for("more lines", lambda: len(logged.lines(stream)) > seen + 50)
    logged.reaches(task, "STOPPED")
    lines = logged.lines(stream)
    assert [int(line) for line in dict.fromkeys(lines)] == list(range(3000))
    assert len(lines) < 3000 + 3 * 400, f"{len(lines) - 3000} lines are doubled"


def again(logged):
    logged.ecs, logged.logs, logged.iam = (logged.server.client(service) for service in ("ecs", "logs", "iam"))
    return logged


@pytest.fixture
def own_docker_server(tmp_path, server, engine):
    from roadstead import Server
    # One server at a time owns the block of the default VPC on this host.
    server.stop()
    own = Server(tmp_path / "data", "--runtime", "docker").start()
    yield own
    assert own.stop() == 0
    server.start()


def test_what_the_driver_does_not_take_is_refused_at_registration(logged):
    def register(driver, **options):
        logged.ecs.register_task_definition(
            family=logged.name, networkMode="awsvpc", cpu="256", memory="512", requiresCompatibilities=["FARGATE"],
            executionRoleArn=logged.role, containerDefinitions=[
                {"name": "app", "image": logged.image, "logConfiguration": {"logDriver": driver, "options": options}}],
        )

    with refused("ClientException", "Log driver awslogs disallows options: log_key", 400):
        register("awslogs", **{"log_key": "log", "awslogs-group": "g", "awslogs-region": REGION, "awslogs-stream-prefix": "p"})
    with refused("ClientException", "Log driver awslogs requires options: awslogs-region, awslogs-group", 400):
        register("awslogs", **{"awslogs-stream-prefix": "p"})
    with refused("ClientException", status=400):
        register("json-file")

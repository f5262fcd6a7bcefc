"""Fixtures that every test may ask for, and a list of outcomes for `cargo xtask test`."""

import contextlib
import json
import os
import uuid

import botocore.exceptions
import pytest

import roadstead
from roadstead import ENGINE, Keys, Server


def pytest_runtest_logreport(report):
    """Writes one line per test: its name, what came out, and why it was skipped."""
    file = os.environ.get("ROADSTEAD_RESULTS")
    over = report.when == "call" or (report.when == "setup" and report.outcome != "passed")
    broken = report.when == "teardown" and report.failed
    if not file or not (over or broken):
        return
    why = report.longrepr[2].removeprefix("Skipped: ") if report.skipped and isinstance(report.longrepr, tuple) else ""
    line = {"name": report.nodeid.removeprefix("tests/"), "outcome": report.outcome, "why": why, "seconds": round(report.duration, 3)}
    with open(file, "a", encoding="utf-8") as results:
        results.write(json.dumps(line) + "\n")


def pytest_collection_modifyitems(items):
    """Marks what needs a real engine: `-m engine` and `-m "not engine"` can run beside each other on one host."""
    for item in items:
        if "engine" in item.fixturenames:
            item.add_marker("engine")


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """The server that most tests share; each uses names of its own."""
    runtime = "docker" if ENGINE == "docker" else "simulated"
    server = Server(tmp_path_factory.mktemp("shared") / "data", "--runtime", runtime).start()
    yield server
    assert server.stop() == 0, "".join(server.log[-20:])


@pytest.fixture
def own_server(tmp_path):
    """A server for a test that counts, restarts or deletes what others need."""
    server = Server(tmp_path / "data", "--runtime", "simulated").start()
    yield server
    if server.process.poll() is None:
        server.stop()


@pytest.fixture
def engine():
    """For tests that run real containers."""
    if ENGINE != "docker":
        pytest.skip("no container engine answers")
    return roadstead.IMAGE


@pytest.fixture
def name():
    """A name that no other test has."""
    return "t" + uuid.uuid4().hex[:12]


@pytest.fixture
def user(server):
    """Makes users with the permissions given, each a dictionary of a statement."""
    return lambda *statements: make_user(server, *statements)


def make_user(server, *statements):
    """A user's ARN and keys."""
    iam, name = server.client("iam"), "u" + uuid.uuid4().hex[:12]
    arn = iam.create_user(UserName=name)["User"]["Arn"]
    if statements:
        document = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
        iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=document)
    return arn, Keys.of(iam.create_access_key(UserName=name)["AccessKey"])


def allow(*actions, on="*", **more):
    return {"Effect": "Allow", "Action": list(actions), "Resource": on, **more}


@contextlib.contextmanager
def refused(code, message=None, status=None):
    """The block must fail with that code, and with that text and status where they are given."""
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        yield caught
    answer = caught.value.response
    assert answer["Error"]["Code"] == code, answer["Error"]
    if message is not None:
        assert answer["Error"]["Message"] == message
    if status is not None:
        assert answer["ResponseMetadata"]["HTTPStatusCode"] == status


pytest.allow, pytest.refused, pytest.make_user = allow, refused, make_user

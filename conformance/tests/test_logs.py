"""CloudWatch Logs: groups, streams, and events that come back in order, all of them, for who may read them."""

import json
import re
import signal
import socket
import subprocess
import sys
import threading
import time

import boto3
import pytest
from pytest import allow, refused

from roadstead import ACCOUNT, REGION, environment

GONE = "The specified log group does not exist."
NO_STREAM = "The specified log stream does not exist."


def arn(group):
    return f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{group}"


def now():
    return int(time.time() * 1000)


@pytest.fixture
def logs(server):
    return server.client("logs")


@pytest.fixture
def stream(logs, name):
    """A group and a stream in it, both of the test's name."""
    logs.create_log_group(logGroupName=name)
    logs.create_log_stream(logGroupName=name, logStreamName=name)
    return {"logGroupName": name, "logStreamName": name}


def put(logs, stream, *messages, at=None):
    at = now() if at is None else at
    events = [{"timestamp": at + more, "message": message} for more, message in enumerate(messages)]
    return logs.put_log_events(**stream, logEvents=events)


def messages(events):
    return [event["message"] for event in events]


def test_a_group_is_made_described_kept_for_days_and_deleted(logs, name):
    logs.create_log_group(logGroupName=name, tags={"a": "b"})
    with refused("ResourceAlreadyExistsException", status=400):
        logs.create_log_group(logGroupName=name)
    (group,) = logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"]
    assert (group["logGroupName"], group["arn"], group["logGroupArn"]) == (name, arn(name) + ":*", arn(name))
    assert "retentionInDays" not in group and group["storedBytes"] == 0
    logs.put_retention_policy(logGroupName=name, retentionInDays=14)
    assert logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"][0]["retentionInDays"] == 14
    with refused("InvalidParameterException", status=400):
        logs.put_retention_policy(logGroupName=name, retentionInDays=2)
    logs.delete_retention_policy(logGroupName=name)
    assert "retentionInDays" not in logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"][0]
    logs.tag_resource(resourceArn=arn(name), tags={"c": "d"})
    logs.untag_resource(resourceArn=arn(name), tagKeys=["a"])
    assert logs.list_tags_for_resource(resourceArn=arn(name))["tags"] == {"c": "d"}
    logs.delete_log_group(logGroupName=name)
    assert logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"] == []
    with refused("ResourceNotFoundException", GONE, 400):
        logs.delete_log_group(logGroupName=name)


def test_a_protected_group_stays(logs, name):
    logs.create_log_group(logGroupName=name, deletionProtectionEnabled=True)
    with refused("ValidationException", status=400):
        logs.delete_log_group(logGroupName=name)
    logs.put_log_group_deletion_protection(logGroupIdentifier=name, deletionProtectionEnabled=False)
    logs.delete_log_group(logGroupName=name)


def test_groups_of_another_region_are_others(server, logs, name):
    logs.create_log_group(logGroupName=name)
    assert server.client("logs", region="eu-west-1").describe_log_groups(logGroupNamePrefix=name)["logGroups"] == []


def test_events_need_a_group_and_a_stream(logs, name):
    absent = {"logGroupName": name, "logStreamName": name}
    with refused("ResourceNotFoundException", GONE, 400):
        put(logs, absent, "a")
    logs.create_log_group(logGroupName=name)
    with refused("ResourceNotFoundException", NO_STREAM, 400):
        put(logs, absent, "a")
    with refused("ResourceNotFoundException", NO_STREAM, 400):
        logs.get_log_events(**absent)


def test_events_come_back_in_order_page_by_page_to_whoever_follows(logs, stream):
    start = now() - 1000
    sent = [f"line {at}" for at in range(25)]
    put(logs, stream, *sent[:20], at=start)
    put(logs, stream, *sent[20:], at=start + 20)
    read, token = [], {}
    while True:
        page = logs.get_log_events(**stream, startFromHead=True, limit=10, **token)
        read += messages(page["events"])
        if token.get("nextToken") == page["nextForwardToken"]:
            break
        token = {"nextToken": page["nextForwardToken"]}
    assert read == sent
    # The token at the end finds what is written later, and nothing twice.
    put(logs, stream, "later", at=start + 100)
    assert messages(logs.get_log_events(**stream, **token)["events"]) == ["later"]
    assert messages(logs.get_log_events(**stream, limit=2)["events"]) == [sent[-1], "later"]
    within = logs.get_log_events(**stream, startTime=start + 3, endTime=start + 5, startFromHead=True)["events"]
    assert messages(within) == sent[3:5]
    assert all(event["ingestionTime"] >= event["timestamp"] for event in within)
    (described,) = logs.describe_log_streams(logGroupName=stream["logGroupName"])["logStreams"]
    assert (described["firstEventTimestamp"], described["lastEventTimestamp"]) == (start, start + 100)


def test_a_batch_must_be_in_order_and_too_old_events_are_told(logs, stream):
    with refused("InvalidParameterException", status=400):
        logs.put_log_events(**stream, logEvents=[{"timestamp": now(), "message": "a"}, {"timestamp": now() - 5000, "message": "b"}])
    hour = 3_600_000
    oldest = now() - 14 * 24 * hour
    events = [{"timestamp": oldest - hour, "message": "old"}, {"timestamp": oldest + hour, "message": "new"}]
    assert logs.put_log_events(**stream, logEvents=events)["rejectedLogEventsInfo"] == {"tooOldLogEventEndIndex": 1}
    assert messages(logs.get_log_events(**stream)["events"]) == ["new"]


def test_filters_search_all_streams_of_a_group(logs, stream):
    group, start = stream["logGroupName"], now() - 1000
    other = {"logGroupName": group, "logStreamName": "other"}
    logs.create_log_stream(**other)
    put(logs, stream, "ERROR one", "INFO two", at=start)
    put(logs, other, json.dumps({"level": "ERROR", "code": 500}), "an ERROR ignored", at=start + 10)

    def found(**more):
        pages = logs.get_paginator("filter_log_events").paginate(logGroupName=group, **more)
        return [(event["logStreamName"], event["message"]) for page in pages for event in page["events"]]

    assert [message for _, message in found()] == ["ERROR one", "INFO two", '{"level": "ERROR", "code": 500}', "an ERROR ignored"]
    assert found(filterPattern="ERROR -ignored -level") == [(group, "ERROR one")]
    assert found(filterPattern='{ $.code >= 500 && $.level = "ERROR" }') == [("other", '{"level": "ERROR", "code": 500}')]
    assert found(filterPattern="INFO", logStreamNames=["other"]) == []
    assert len(found(PaginationConfig={"PageSize": 1})) == 4
    with refused("InvalidParameterException", status=400):
        found(filterPattern="{ $.code = ")


def test_writers_at_once_lose_nothing(server, logs, stream):
    clients = [server.client("logs") for _ in range(6)]

    def write(client, writer):
        for at in range(20):
            put(client, stream, *[f"{writer} {at} {line}" for line in range(5)])

    threads = [threading.Thread(target=write, args=(client, writer)) for writer, client in enumerate(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    page = logs.get_log_events(**stream, startFromHead=True)
    assert sorted(messages(page["events"])) == sorted(
        f"{writer} {at} {line}" for writer in range(6) for at in range(20) for line in range(5)
    )


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL], ids=["terminated", "killed"])
def test_what_was_taken_outlives_the_server(own_server, how):
    logs, stream = own_server.client("logs"), {"logGroupName": "a", "logStreamName": "b"}
    logs.create_log_group(logGroupName="a")
    logs.create_log_stream(**stream)
    for at in range(5):
        put(logs, stream, f"{at}", at=now())
    own_server.restart(how)
    assert messages(own_server.client("logs").get_log_events(**stream, startFromHead=True)["events"]) == list("01234")


def test_permissions_are_of_a_group_and_its_streams(server, logs, user, stream, name):
    logs.create_log_group(logGroupName=name + "-other")
    who, keys = user(
        allow("logs:PutLogEvents", on=f"{arn(name)}:log-stream:{name}"), allow("logs:FilterLogEvents", on=arn(name) + ":*")
    )
    client = server.client("logs", keys)
    put(client, stream, "a")
    assert messages(client.filter_log_events(logGroupName=name)["events"]) == ["a"]
    with refused("AccessDeniedException", status=400):
        client.filter_log_events(logGroupName=name + "-other")
    with refused("AccessDeniedException", status=400) as caught:
        client.create_log_stream(logGroupName=name, logStreamName="b")
    told = caught.value.response["Error"]["Message"]
    assert told.startswith(f"User: {who} is not authorized to perform: logs:CreateLogStream on resource: {arn(name)}:log-stream:"), told
    with refused("AccessDeniedException", status=400):
        put(client, {"logGroupName": name, "logStreamName": "other"}, "a")


def test_the_command_line_writes_and_reads(server, name):
    for arguments in (["create-log-group"], ["create-log-stream", "--log-stream-name", "s"]):
        done = server.aws("logs", arguments[0], "--log-group-name", name, *arguments[1:])
        assert done.returncode == 0, done.stderr
    where = ["--log-group-name", name, "--log-stream-name", "s"]
    done = server.aws("logs", "put-log-events", *where, "--log-events", f"timestamp={now()},message=hello")
    assert done.returncode == 0, done.stderr
    done = server.aws("logs", "filter-log-events", "--log-group-name", name, "--filter-pattern", "hello")
    assert done.returncode == 0, done.stderr
    assert messages(json.loads(done.stdout)["events"]) == ["hello"]


class Tail:
    """Follows a group as `aws logs tail --follow` does: pages of FilterLogEvents from the last time seen, each event once."""

    def __init__(self, logs, group):
        self.logs, self.group, self.since, self.seen = logs, group, now() - 60_000, {}

    def news(self):
        wanted = {"logGroupName": self.group, "interleaved": True, "startTime": self.since}
        fresh = []
        while True:
            page = self.logs.filter_log_events(**wanted)
            fresh += [event for event in page["events"] if event["eventId"] not in self.seen]
            self.seen.update({event["eventId"]: event["timestamp"] for event in page["events"]})
            if "nextToken" not in page:
                break
            wanted["nextToken"] = page["nextToken"]
        self.since = max(self.seen.values(), default=self.since)
        return messages(fresh)


def test_a_group_can_be_followed_across_its_streams(logs, name, stream):
    other = {**stream, "logStreamName": name + "-2"}
    logs.create_log_stream(**other)
    tail, at = Tail(logs, name), now()
    assert tail.news() == []
    put(logs, stream, "one", at=at)
    put(logs, other, "two", at=at)
    assert sorted(tail.news()) == ["one", "two"]
    assert tail.news() == [], "nothing comes twice, although the last time is asked for again"
    put(logs, other, "three", at=at)
    put(logs, stream, *[str(number) for number in range(9_000)], at=at + 1)
    assert tail.news() == ["three"] + [str(number) for number in range(9_000)]
    assert tail.news() == []


def test_events_are_watched_as_they_come_in(server, logs, stream, name):
    answer = logs.start_live_tail(logGroupIdentifiers=[arn(name)], logEventFilterPattern="[level, code = 5*]")
    events = iter(answer["responseStream"])
    start = next(events)["sessionStart"]
    assert start["logGroupIdentifiers"] == [arn(name)] and start["logEventFilterPattern"] == "[level, code = 5*]"
    put(logs, stream, "INFO 200", "ERROR 503")
    seen = []
    while not seen:
        update = next(events)["sessionUpdate"]
        assert update["sessionMetadata"] == {"sampled": False}
        seen = update["sessionResults"]
    (event,) = seen
    assert (event["message"], event["logStreamName"], event["logGroupIdentifier"]) == ("ERROR 503", name, arn(name))
    answer["responseStream"].close()


def test_the_command_line_watches_and_a_server_that_stops_ends_it(own_server, name):
    logs = own_server.client("logs")
    logs.create_log_group(logGroupName=name)
    logs.create_log_stream(logGroupName=name, logStreamName="s")
    watching = subprocess.Popen(
        [sys.executable, "-m", "awscli", "logs", "start-live-tail", "--log-group-identifiers", arn(name)],
        env=environment(PYTHONUNBUFFERED="1", **own_server.exports), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True,
    )
    try:
        # The session has begun when what is put shows.
        stopping = threading.Event()

        def put_again():
            while not stopping.wait(0.3):
                put(logs, {"logGroupName": name, "logStreamName": "s"}, "it goes on")

        putting = threading.Thread(target=put_again)
        putting.start()
        line = watching.stdout.readline()
        stopping.set()
        putting.join()
        assert line.rstrip("\n").endswith("it goes on"), watching.stderr.read()
        before = time.monotonic()
        assert own_server.stop() == 0
        assert time.monotonic() - before < 4
        watching.wait(timeout=20)
    finally:
        watching.kill()
        watching.wait()


def test_the_raw_answer_names_each_event(server, logs, stream):
    put(logs, stream, "one")
    raw = {}
    keep = lambda http_response, **_: raw.update(json.loads(http_response.content))
    logs.meta.events.register("after-call.cloudwatch-logs.GetLogEvents", keep)
    logs.get_log_events(**stream)
    (event,) = raw["events"]
    assert set(event) == {"eventId", "ingestionTime", "message", "timestamp"}
    assert re.fullmatch(r"f/\d{56}/s", raw["nextForwardToken"]) and re.fullmatch(r"b/\d{56}/s", raw["nextBackwardToken"])
    (found,) = logs.filter_log_events(logGroupName=stream["logGroupName"])["events"]
    assert found["eventId"] == event["eventId"]


def test_a_client_may_put_its_prefix_before_the_host_name(server, logs, stream, name, monkeypatch):
    """`stream-<host>` works where a resolver knows it, as one does for names below `.localhost`."""
    resolve = socket.getaddrinfo
    asked = []

    def resolver(host, *rest, **more):
        asked.append(host)
        return resolve("127.0.0.1" if str(host).endswith("localhost") else host, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", resolver)
    prefixed = boto3.client(
        "logs", endpoint_url=server.url.replace("127.0.0.1", "aws.localhost"), region_name=REGION,
        aws_access_key_id=server.root.id, aws_secret_access_key=server.root.secret,
    )
    events = prefixed.start_live_tail(logGroupIdentifiers=[arn(name)])["responseStream"]
    assert "sessionStart" in next(iter(events))
    events.close()
    assert "stream-aws.localhost" in asked

"""EventBridge: rules and their targets, events into log groups, tasks that tell of themselves and that are run by rules."""

import datetime
import json

from pytest import allow, refused

from roadstead import ACCOUNT, REGION, wait_for
from test_ecs_tasks import OBEDIENT, definition, network, reaches, run


def log_group(server, name):
    """A log group that EventBridge may write to; its ARN."""
    logs, group = server.client("logs"), f"/aws/events/{name}"
    logs.create_log_group(logGroupName=group)
    statement = {
        "Effect": "Allow", "Principal": {"Service": ["events.amazonaws.com", "delivery.logs.amazonaws.com"]},
        "Action": ["logs:CreateLogStream", "logs:PutLogEvents"], "Resource": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/aws/events/*:*",
    }
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    logs.put_resource_policy(policyName="events", policyDocument=document)
    return f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{group}"


def messages(server, name):
    events = server.client("logs").filter_log_events(logGroupName=f"/aws/events/{name}")["events"]
    return [json.loads(event["message"]) for event in events]


def remove(server, rule):
    events = server.client("events")
    ids = [target["Id"] for target in events.list_targets_by_rule(Rule=rule)["Targets"]]
    if ids:
        events.remove_targets(Rule=rule, Ids=ids)
    events.delete_rule(Name=rule)


def test_an_event_is_put_picked_and_read_in_a_log_group(server, name):
    events = server.client("events")
    arn = events.put_rule(Name=name, EventPattern=json.dumps({"source": [name], "detail": {"n": [{"numeric": [">", 1]}]}}))["RuleArn"]
    assert arn == f"arn:aws:events:{REGION}:{ACCOUNT}:rule/{name}"
    put = events.put_targets(Rule=name, Targets=[{"Id": "log", "Arn": log_group(server, name)}])
    assert (put["FailedEntryCount"], put["FailedEntries"]) == (0, [])
    entry = {"Source": name, "DetailType": "said", "Resources": ["a"], "Time": datetime.datetime(2026, 1, 2, tzinfo=datetime.timezone.utc)}
    answer = events.put_events(Entries=[{**entry, "Detail": json.dumps({"n": n})} for n in (1, 2)] + [{"Source": "aws.ecs", "DetailType": "t", "Detail": "{}"}])
    assert answer["FailedEntryCount"] == 1 and answer["Entries"][2]["ErrorCode"] == "NotAuthorizedForSourceException"
    event = wait_for("the event", lambda: messages(server, name))
    assert event == [{
        "version": "0", "id": answer["Entries"][1]["EventId"], "detail-type": "said", "source": name, "account": ACCOUNT,
        "time": "2026-01-02T00:00:00Z", "region": REGION, "resources": ["a"], "detail": {"n": 2},
    }]
    with refused("ValidationException", "Rule can't be deleted since it has targets."):
        events.delete_rule(Name=name)
    remove(server, name)
    with refused("ResourceNotFoundException", f"Rule {name} does not exist on EventBus default."):
        events.describe_rule(Name=name)


def test_the_command_line_makes_rules_and_buses(server, name):
    def aws(*arguments):
        done = server.aws("events", *arguments)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout) if done.stdout.strip() else None

    aws("create-event-bus", "--name", name)
    aws("put-rule", "--name", name, "--event-bus-name", name, "--event-pattern", '{"source":["mine"]}', "--tags", "Key=a,Value=b")
    shown = aws("describe-rule", "--name", name, "--event-bus-name", name)
    assert shown["Arn"] == f"arn:aws:events:{REGION}:{ACCOUNT}:rule/{name}/{name}"
    assert [rule["Name"] for rule in aws("list-rules", "--event-bus-name", name)["Rules"]] == [name]
    assert aws("list-tags-for-resource", "--resource-arn", shown["Arn"])["Tags"] == [{"Key": "a", "Value": "b"}]
    event = {"id": "1", "account": "1", "source": "mine", "time": "2026-01-01T00:00:00Z", "region": "r", "resources": [], "detail-type": "t", "detail": {}}
    assert aws("test-event-pattern", "--event-pattern", '{"source":["mine"]}', "--event", json.dumps(event)) == {"Result": True}
    aws("delete-rule", "--name", name, "--event-bus-name", name)
    aws("delete-event-bus", "--name", name)
    failed = server.aws("events", "put-rule", "--name", name, "--event-pattern", '{"source":"mine"}')
    assert "InvalidEventPatternException" in failed.stderr


def test_a_user_needs_permission_on_the_rule(server, name, user):
    _, keys = user(allow("events:PutRule", on=f"arn:aws:events:{REGION}:{ACCOUNT}:rule/mine-*"))
    events = server.client("events", keys)
    events.put_rule(Name=f"mine-{name}", EventPattern='{"source":["mine"]}')
    with refused("AccessDeniedException"):
        events.put_rule(Name=name, EventPattern='{"source":["mine"]}')
    remove(server, f"mine-{name}")


def test_a_task_tells_of_every_step(server, name, engine):
    ecs, events = server.client("ecs"), server.client("events")
    ecs.create_cluster(clusterName=name)
    cluster = f"arn:aws:ecs:{REGION}:{ACCOUNT}:cluster/{name}"
    pattern = {"source": ["aws.ecs"], "detail-type": ["ECS Task State Change"], "detail": {"clusterArn": [cluster]}}
    events.put_rule(Name=name, EventPattern=json.dumps(pattern))
    events.put_targets(Rule=name, Targets=[{"Id": "log", "Arn": log_group(server, name)}])
    task = run(server, name, engine)["taskArn"]
    reaches(ecs, name, task, "RUNNING")
    ecs.stop_task(cluster=name, task=task)
    stopped = reaches(ecs, name, task, "STOPPED")
    told = wait_for("the last event", lambda: (lambda all: all if any(e["detail"]["version"] == stopped["version"] for e in all) else None)(messages(server, name)))
    details = sorted((event["detail"] for event in told), key=lambda detail: detail["version"])
    assert [detail["version"] for detail in details] == list(range(1, stopped["version"] + 1))
    assert [detail["lastStatus"] for detail in details][:3] == ["PROVISIONING", "PENDING", "RUNNING"]
    assert all(event["resources"] == [task] for event in told)
    last = details[-1]
    assert (last["lastStatus"], last["stopCode"], last["attachments"][0]["type"]) == ("STOPPED", "UserInitiated", "eni")
    assert last["containers"][0]["exitCode"] == 0
    remove(server, name)


def test_a_schedule_runs_a_task_as_the_role_of_its_target(server, name, engine):
    ecs, events, iam = server.client("ecs"), server.client("events"), server.client("iam")
    ecs.create_cluster(clusterName=name)
    family = definition(ecs, name, engine, OBEDIENT)
    trust = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sts:AssumeRole"}]}
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
    iam.attach_role_policy(RoleName=name, PolicyArn="arn:aws:iam::aws:policy/service-role/AmazonEC2ContainerServiceEventsRole")
    # The next whole minute that is not too near.
    due = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=65)
    events.put_rule(Name=name, ScheduleExpression=f"cron({due.minute} {due.hour} {due.day} {due.month} ? {due.year})")
    override = {"containerOverrides": [{"name": "app", "environment": [{"name": "WHO", "value": "clock"}]}]}
    target = {
        "Id": "run", "Arn": f"arn:aws:ecs:{REGION}:{ACCOUNT}:cluster/{name}", "RoleArn": role, "Input": json.dumps(override),
        "EcsParameters": {"TaskDefinitionArn": family, "LaunchType": "FARGATE", "NetworkConfiguration": {
            "awsvpcConfiguration": {"Subnets": network(server)["awsvpcConfiguration"]["subnets"], "AssignPublicIp": "ENABLED"},
        }},
    }
    assert events.put_targets(Rule=name, Targets=[target])["FailedEntryCount"] == 0
    found = wait_for("the clock", lambda: ecs.list_tasks(cluster=name)["taskArns"], seconds=140)
    task = reaches(ecs, name, found[0], "RUNNING")
    assert task["startedBy"] == f"events-rule/{name}"
    assert task["overrides"]["containerOverrides"][0]["environment"] == [{"name": "WHO", "value": "clock"}]
    assert datetime.datetime.now(datetime.timezone.utc) >= due.replace(second=0, microsecond=0)
    ecs.stop_task(cluster=name, task=found[0])
    reaches(ecs, name, found[0], "STOPPED")
    remove(server, name)

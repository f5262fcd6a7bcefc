"""Terraform's AWS provider and EventBridge: apply, an empty plan, change, an empty plan, destroy, and nothing left."""

import json
import shutil

import pytest

from test_terraform import PROVIDER, terraform


def test_rules_and_targets_are_made_changed_and_destroyed(own_server, tmp_path):
    if not shutil.which("terraform") or not PROVIDER:
        pytest.skip("terraform or its AWS provider is not on this machine; set TF_PLUGIN_DIR")
    events, logs = own_server.client("events"), own_server.client("logs")
    apply, destroy = terraform(own_server, "events", tmp_path)

    def target(rule, **bus):
        return events.list_targets_by_rule(Rule=rule, **bus)["Targets"][0]

    apply(generation=1)
    rule = events.describe_rule(Name="tasks")
    assert json.loads(rule["EventPattern"])["detail"] == {"lastStatus": ["RUNNING"]}
    assert (rule["State"], rule["Description"]) == ("ENABLED", "generation 1")
    assert events.list_tags_for_resource(ResourceARN=rule["Arn"])["Tags"] == [{"Key": "generation", "Value": "1"}]
    assert target("tasks")["RetryPolicy"] == {"MaximumRetryAttempts": 1, "MaximumEventAgeInSeconds": 60}
    assert events.describe_rule(Name="nightly")["ScheduleExpression"] == "cron(0 2 * * ? *)"
    parameters = target("nightly")["EcsParameters"]
    assert (parameters["TaskCount"], parameters["Group"], parameters["LaunchType"]) == (1, "nightly", "FARGATE")
    assert target("own", EventBusName="own")["Arn"].endswith(":log-group:/aws/events/stack")
    assert json.loads(events.describe_event_bus(Name="own")["Policy"])["Statement"][0]["Sid"] == "All"
    assert [policy["policyName"] for policy in logs.describe_resource_policies()["resourcePolicies"]] == ["events"]

    said = apply(generation=2)
    assert " 0 added, " in said and " 0 destroyed." in said, said
    assert json.loads(events.describe_rule(Name="tasks")["EventPattern"])["detail"] == {"lastStatus": ["RUNNING", "STOPPED"]}
    nightly = events.describe_rule(Name="nightly")
    assert (nightly["ScheduleExpression"], nightly["State"]) == ("rate(2 hours)", "DISABLED")
    assert target("nightly")["EcsParameters"]["TaskCount"] == 2
    assert events.describe_event_bus(Name="own")["Description"] == "generation 2"

    destroy()
    assert events.list_rules()["Rules"] == []
    assert [bus["Name"] for bus in events.list_event_buses()["EventBuses"]] == ["default"]
    assert logs.describe_resource_policies()["resourcePolicies"] == []

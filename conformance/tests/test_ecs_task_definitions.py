"""Task definitions: revisions that are never used again."""

from pytest import refused

from roadstead import ACCOUNT, REGION

CONTAINER = {"name": "app", "image": "busybox", "memory": 64}


def arn(family, revision):
    return f"arn:aws:ecs:{REGION}:{ACCOUNT}:task-definition/{family}:{revision}"


def test_a_definition_is_filled_in_as_aws_does(server, name):
    ecs = server.client("ecs")
    answer = ecs.register_task_definition(family=name, containerDefinitions=[CONTAINER], tags=[{"key": "a", "value": "b"}])
    made = answer["taskDefinition"]
    assert (made["taskDefinitionArn"], made["family"], made["revision"]) == (arn(name, 1), name, 1)
    assert (made["status"], made["volumes"], made["placementConstraints"]) == ("ACTIVE", [], [])
    assert made["registeredBy"] == f"arn:aws:iam::{ACCOUNT}:root"
    container = made["containerDefinitions"][0]
    assert (container["cpu"], container["essential"]) == (0, True)
    for empty in ("environment", "mountPoints", "portMappings", "systemControls", "volumesFrom"):
        assert container[empty] == [], empty
    assert answer["tags"] == [{"key": "a", "value": "b"}]
    described = ecs.describe_task_definition(taskDefinition=name, include=["TAGS"])
    assert described["tags"] == [{"key": "a", "value": "b"}]
    assert ecs.describe_task_definition(taskDefinition=name)["tags"] == []


def test_revisions_grow_and_are_never_used_again(server, name):
    ecs = server.client("ecs")
    for revision in (1, 2):
        made = ecs.register_task_definition(family=name, containerDefinitions=[CONTAINER])["taskDefinition"]
        assert made["taskDefinitionArn"] == arn(name, revision)
    assert ecs.describe_task_definition(taskDefinition=name)["taskDefinition"]["revision"] == 2
    gone = ecs.deregister_task_definition(taskDefinition=f"{name}:2")["taskDefinition"]
    assert gone["status"] == "INACTIVE" and "deregisteredAt" not in gone
    assert "deregisteredAt" in ecs.describe_task_definition(taskDefinition=f"{name}:2")["taskDefinition"]
    assert ecs.describe_task_definition(taskDefinition=name)["taskDefinition"]["revision"] == 1
    deleted = ecs.delete_task_definitions(taskDefinitions=[f"{name}:2"])
    assert (deleted["failures"], deleted["taskDefinitions"][0]["status"]) == ([], "DELETE_IN_PROGRESS")
    assert ecs.register_task_definition(family=name, containerDefinitions=[CONTAINER])["taskDefinition"]["revision"] == 3


def test_definitions_are_listed_by_family_and_state(server, name):
    ecs = server.client("ecs")
    for _ in range(2):
        ecs.register_task_definition(family=name, containerDefinitions=[CONTAINER])
    ecs.deregister_task_definition(taskDefinition=f"{name}:1")
    assert ecs.list_task_definitions(familyPrefix=name)["taskDefinitionArns"] == [arn(name, 2)]
    assert ecs.list_task_definitions(familyPrefix=name, status="INACTIVE")["taskDefinitionArns"] == [arn(name, 1)]


def test_what_cannot_run_is_refused_with_awss_words(server, name):
    ecs = server.client("ecs")
    with refused("ClientException", status=400) as caught:
        ecs.register_task_definition(family=name, containerDefinitions=[{"name": "app", "image": "busybox"}])
    assert caught.value.response["Error"]["Message"] == (
        "Invalid setting for container 'app'. At least one of 'memory' or 'memoryReservation' must be specified."
    )
    with refused("ClientException", "Unable to describe task definition.", 400):
        ecs.describe_task_definition(taskDefinition=name)

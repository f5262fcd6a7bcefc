"""Services with real containers: updated without a failed request, rolled back, healed, deployed anew and deleted."""

import json
import os
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request

import pytest

from roadstead import Server, wait_for

SERVE = "trap 'exit 0' TERM; mkdir -p /tmp/w; echo {page} > /tmp/w/index.html; httpd -p 80 -h /tmp/w; while :; do sleep 0.2; done"
CHECK = {"command": ["CMD-SHELL", "wget -q -O /dev/null http://127.0.0.1/"], "interval": 5, "timeout": 2, "retries": 2}

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux") or os.geteuid() != 0, reason="only root on Linux gives tasks a network"
)


@pytest.fixture
def shop(tmp_path, engine):
    """A server with real containers and one cluster; its service is gone afterwards."""
    server = Server(tmp_path / "data", "--runtime", "docker").start()
    shop = Shop(server, engine)
    yield shop
    shop.close()
    server.stop()


class Shop:
    def __init__(self, server, image):
        self.server, self.image = server, image
        self.ecs, self.ec2 = server.client("ecs"), server.client("ec2")
        self.ecs.create_cluster(clusterName="shop")
        self.group = self.ec2.create_security_group(GroupName="shop", Description="shop")["GroupId"]
        everywhere = {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
        self.ec2.authorize_security_group_ingress(GroupId=self.group, IpPermissions=[everywhere])

    def register(self, page, checked=False, command=None):
        container = {"name": "web", "image": self.image, "stopTimeout": 2}
        container["command"] = ["sh", "-c", command or SERVE.format(page=page)]
        if checked:
            container["healthCheck"] = CHECK
        answer = self.ecs.register_task_definition(
            family="web", containerDefinitions=[container], networkMode="awsvpc", cpu="256", memory="512",
            requiresCompatibilities=["FARGATE"],
        )
        return answer["taskDefinition"]["taskDefinitionArn"]

    def create(self, definition, desired, **more):
        subnets = [s["SubnetId"] for s in self.ec2.describe_subnets()["Subnets"][:2]]
        network = {"awsvpcConfiguration": {"subnets": subnets, "securityGroups": [self.group]}}
        return self.ecs.create_service(
            cluster="shop", serviceName="web", taskDefinition=definition, desiredCount=desired, launchType="FARGATE",
            networkConfiguration=network, **more,
        )["service"]

    def update(self, **more):
        return self.ecs.update_service(cluster="shop", service="web", **more)["service"]

    def service(self):
        return self.ecs.describe_services(cluster="shop", services=["web"])["services"][0]

    def said(self):
        return [event["message"] for event in reversed(self.service()["events"])]

    def tasks(self):
        """The service's tasks that shall run."""
        arns = self.ecs.list_tasks(cluster="shop", serviceName="web")["taskArns"]
        return self.ecs.describe_tasks(cluster="shop", tasks=arns)["tasks"] if arns else []

    def stable(self, seconds=60):
        def look():
            seen = self.service()
            done = len(seen["deployments"]) == 1 and seen["deployments"][0]["rolloutState"] == "COMPLETED"
            return seen if done and seen["runningCount"] == seen["desiredCount"] else None

        return wait_for("the service to be stable", look, seconds=seconds)

    def container_of(self, task):
        """The engine's id of the container of a task, found by its label."""
        label = f"label=com.amazonaws.ecs.task-arn={task['taskArn']}"
        listed = docker("ps", "-q", "--no-trunc", "--filter", label, "--filter", "label=com.amazonaws.ecs.container-name=web")
        assert len(listed) == 1, listed
        return listed[0]

    def close(self):
        if self.ecs.list_services(cluster="shop")["serviceArns"]:
            self.ecs.delete_service(cluster="shop", service="web", force=True)
        left = lambda: self.ecs.describe_clusters(clusters=["shop"], include=["STATISTICS"])["clusters"][0]
        wait_for("no task to run", lambda: left()["runningTasksCount"] + left()["pendingTasksCount"] == 0)
        stopped = lambda: self.ecs.list_tasks(cluster="shop", desiredStatus="STOPPED")["taskArns"]
        ended = lambda arns: all(
            task["lastStatus"] == "STOPPED" for task in self.ecs.describe_tasks(cluster="shop", tasks=arns)["tasks"]
        )
        wait_for("every task to end", lambda: not stopped() or ended(stopped()))


def docker(*arguments):
    return subprocess.run(["docker", *arguments], capture_output=True, text=True, check=True).stdout.split()


def page(task):
    address = task["containers"][0]["networkInterfaces"][0]["privateIpv4Address"]
    with urllib.request.urlopen(f"http://{address}/", timeout=2) as answer:
        return answer.read().decode().strip()


class Customers(threading.Thread):
    """Asks every task that serves, again and again, as a load balancer would choose among them.

    A task serves while it is RUNNING, healthy and not asked to stop. A request may fail only where the task was asked to
    stop between the look and the request.
    """

    def __init__(self, shop):
        super().__init__(daemon=True)
        self.shop, self.over = shop, threading.Event()
        self.answers, self.failures, self.fewest = [], [], 99

    def run(self):
        while not self.over.is_set():
            serving = [task for task in self.shop.tasks() if serves(task)]
            self.fewest = min(self.fewest, len(serving))
            for task in serving:
                try:
                    self.answers.append(page(task))
                except (OSError, urllib.error.URLError) as error:
                    now = self.shop.ecs.describe_tasks(cluster="shop", tasks=[task["taskArn"]])["tasks"][0]
                    if serves(now):
                        self.failures.append((task["taskArn"], str(error)))


def serves(task):
    return (task["lastStatus"], task["desiredStatus"], task["healthStatus"]) == ("RUNNING", "RUNNING", "HEALTHY")


def test_a_rolling_update_at_a_minimum_of_100_percent_fails_no_request(shop):
    bounds = {"minimumHealthyPercent": 100, "maximumPercent": 200}
    shop.create(shop.register("one", checked=True), 2, deploymentConfiguration=bounds)
    shop.stable()
    customers = Customers(shop)
    customers.start()
    wait_for("customers", lambda: "one" in customers.answers)
    shop.update(taskDefinition=shop.register("two", checked=True))
    shop.stable()
    wait_for("the new page", lambda: customers.answers[-20:] == ["two"] * 20, seconds=20)
    customers.over.set()
    customers.join(timeout=20)
    assert customers.failures == []
    assert customers.fewest >= 2, "at no moment fewer than two tasks served"
    assert {"one", "two"} == set(customers.answers)


def test_a_crash_loop_is_given_up_and_rolled_back(shop):
    good = shop.register("good")
    breaker = {"deploymentCircuitBreaker": {"enable": True, "rollback": True}}
    made = shop.create(good, 1, deploymentConfiguration=breaker)
    shop.stable()
    before = [task["taskArn"] for task in shop.tasks()]
    shop.update(taskDefinition=shop.register("bad", command="exit 3"))
    failed = wait_for("the breaker", lambda: [m for m in shop.said() if "deployment failed: tasks failed to start." in m])
    assert len(failed) == 1
    assert f"(service web) rolling back to deployment {made['deployments'][0]['id']}." in shop.said()
    seen = shop.stable()
    assert seen["taskDefinition"] == good
    assert [task["taskArn"] for task in shop.tasks()] == before, "the good task ran all the time"
    deployments = shop.ecs.list_service_deployments(cluster="shop", service="web")["serviceDeployments"]
    assert sorted(one["status"] for one in deployments) == ["ROLLBACK_SUCCESSFUL", "SUCCESSFUL"]


def raw(client, operation, members):
    """Adds to the calls of an operation what the client's model does not know."""

    def add(params, **_):
        body = json.loads(params["body"])
        merge(body, members)
        params["body"] = json.dumps(body)

    client.meta.events.register(f"before-call.ecs.{operation}", add)


def merge(into, more):
    for name, value in more.items():
        if isinstance(value, dict) and isinstance(into.get(name), dict):
            merge(into[name], value)
        else:
            into[name] = value


def test_the_breaker_counts_to_the_threshold_and_not_what_ran(shop):
    threshold = {"thresholdConfiguration": {"type": "COUNT", "value": 1}}
    raw(shop.ecs, "CreateService", {"deploymentConfiguration": {"deploymentCircuitBreaker": threshold}})
    breaker = {"deploymentCircuitBreaker": {"enable": True, "rollback": False}}
    shop.create(shop.register("ends", command="sleep 4; exit 3"), 1, deploymentConfiguration=breaker)
    ended = lambda: shop.ecs.list_tasks(cluster="shop", serviceName="web", desiredStatus="STOPPED")["taskArns"]
    wait_for("two tasks to run and end", lambda: len(ended()) >= 2)
    seen = shop.service()["deployments"][0]
    assert (seen["rolloutState"], seen["failedTasks"]) == ("IN_PROGRESS", 0)
    shop.update(taskDefinition=shop.register("bad", command="exit 3"))
    wait_for("the breaker", lambda: shop.service()["deployments"][0]["rolloutState"] == "FAILED")
    assert shop.service()["deployments"][0]["failedTasks"] == 1


def test_a_killed_container_is_replaced(shop):
    shop.create(shop.register("page"), 2)
    shop.stable()
    victim, other = shop.tasks()
    docker("kill", shop.container_of(victim))

    def replaced():
        now = shop.tasks()
        arns = {task["taskArn"] for task in now}
        is_new = victim["taskArn"] not in arns and len(arns) == 2
        return now if is_new and all(task["lastStatus"] == "RUNNING" for task in now) else None

    now = wait_for("a new task", replaced)
    assert other["taskArn"] in {task["taskArn"] for task in now}
    gone = shop.ecs.describe_tasks(cluster="shop", tasks=[victim["taskArn"]])["tasks"][0]
    assert gone["stopCode"] == "EssentialContainerExited"
    assert gone["containers"][0]["exitCode"] == 137
    wait_for("the page", lambda: all(answers(task) for task in shop.tasks()), seconds=20)


def answers(task):
    try:
        return page(task) == "page"
    except (OSError, urllib.error.URLError):
        return False


def test_a_forced_deployment_replaces_every_task_and_a_forced_deletion_ends_them(shop):
    shop.create(shop.register("page"), 2)
    shop.stable()
    before = {task["taskArn"] for task in shop.tasks()}
    seen = shop.update(forceNewDeployment=True)
    assert [one["status"] for one in seen["deployments"]] == ["PRIMARY", "ACTIVE"]
    shop.stable()
    after = {task["taskArn"] for task in shop.tasks()}
    assert len(after) == 2 and not before & after
    answer = shop.ecs.delete_service(cluster="shop", service="web", force=True)
    assert answer["service"]["status"] == "DRAINING"
    shop.ecs.get_waiter("services_inactive").wait(
        cluster="shop", services=["web"], WaiterConfig={"Delay": 1, "MaxAttempts": 60}
    )
    ended = shop.ecs.describe_tasks(cluster="shop", tasks=sorted(after))["tasks"]
    assert {task["lastStatus"] for task in ended} == {"STOPPED"}
    assert {task["stopCode"] for task in ended} == {"ServiceSchedulerInitiated"}

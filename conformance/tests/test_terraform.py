"""Terraform's AWS provider: apply, an empty plan, change, an empty plan, destroy, and nothing left."""

import concurrent.futures
import json
import os
import pathlib
import shutil

import pytest

from roadstead import Server, environment, run

PROVIDER = os.environ.get("ROADSTEAD_TERRAFORM_PROVIDER")
STACKS = pathlib.Path(__file__).parent.parent / "terraform"


STORIES = {}


def test_of(stack):
    """Makes a test of a story about that stack. Terraform mostly waits, so all stories that are asked for run at once."""
    def make(story):
        def test(told):
            told[story.__name__].result()

        STORIES[story.__name__] = stack, story
        test.__name__ = story.__name__
        return test

    return make


test_of.__test__ = False


@pytest.fixture(scope="module")
def told(request, tmp_path_factory):
    """The stories that were asked for, by name, each with a server of its own."""
    if not shutil.which("terraform") or not PROVIDER:
        pytest.skip("terraform or its AWS provider is not on this machine; set TF_PLUGIN_DIR")

    def tell(stack, story, folder):
        server = Server(folder / "data", "--runtime", "simulated").start()
        try:
            story(server, *terraform(server, stack, folder))
        finally:
            server.stop()

    asked = [item.name for item in request.session.items if item.name in STORIES]
    with concurrent.futures.ThreadPoolExecutor(len(STORIES)) as threads:
        yield {name: threads.submit(tell, *STORIES[name], tmp_path_factory.mktemp(STORIES[name][0])) for name in asked}


def terraform(server, stack, folder):
    """What applies a stack with values, and what destroys it."""
    # The provider is used where it lies: no `init`, which would read all of it first.
    settings = folder / "terraform.rc"
    place = pathlib.Path(PROVIDER).parent
    settings.write_text(f'provider_installation {{\n  dev_overrides {{ "hashicorp/aws" = "{place}" }}\n  direct {{}}\n}}\n')
    work = shutil.copytree(STACKS / stack, folder / stack)
    variables = environment(
        TF_CLI_CONFIG_FILE=str(settings), TF_IN_AUTOMATION="1", TF_INPUT="0", CHECKPOINT_DISABLE="1", **server.exports
    )

    def command(*arguments):
        done = run("terraform", f"-chdir={work}", *arguments, "-no-color", env=variables, timeout=300)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def apply(**values):
        """Applies with those values; a plan right after finds nothing to do."""
        given = [f"-var={name}={value}" for name, value in values.items()]
        said = command("apply", "-auto-approve", *given)
        command("plan", "-detailed-exitcode", *given)
        return said

    return apply, lambda: command("destroy", "-auto-approve")


def entities(server):
    """All that IAM has which can be made and deleted, by kind."""
    iam = server.client("iam")
    every = {
        "list_users": "Users", "list_groups": "Groups", "list_roles": "Roles", "list_instance_profiles": "InstanceProfiles",
        "list_open_id_connect_providers": "OpenIDConnectProviderList",
    }
    found = {key: [entity["Arn"] for entity in getattr(iam, method)()[key]] for method, key in every.items()}
    return {**found, "Policies": [policy["Arn"] for policy in iam.list_policies(Scope="Local")["Policies"]]}


def networks(server):
    """All of EC2's records that stacks make or that come with what they make."""
    ec2 = server.client("ec2")
    every = {
        "describe_vpcs": ("Vpcs", "VpcId"), "describe_subnets": ("Subnets", "SubnetId"),
        "describe_route_tables": ("RouteTables", "RouteTableId"), "describe_security_groups": ("SecurityGroups", "GroupId"),
        "describe_internet_gateways": ("InternetGateways", "InternetGatewayId"),
        "describe_network_interfaces": ("NetworkInterfaces", "NetworkInterfaceId"),
    }
    return {key: {record[id] for record in getattr(ec2, method)()[key]} for method, (key, id) in every.items()}


@test_of("stack")
def test_a_stack_is_applied_settles_and_is_destroyed(server, apply, destroy):
    apply()
    ecs = server.client("ecs")
    assert ecs.describe_clusters(clusters=["stack"])["clusters"][0]["status"] == "ACTIVE"
    destroy()
    assert ecs.describe_clusters(clusters=["stack"])["clusters"][0]["status"] == "INACTIVE"
    assert not any(entities(server).values())


@test_of("iam")
def test_all_kinds_of_iam_entities_are_made_changed_and_destroyed(server, apply, destroy):
    iam, before = server.client("iam"), entities(server)
    apply(generation=1)
    made = entities(server)
    assert {kind: len(arns) - len(before[kind]) for kind, arns in made.items()} == {
        "Users": 1, "Groups": 1, "Roles": 3, "InstanceProfiles": 1, "OpenIDConnectProviderList": 1, "Policies": 1,
    }
    scaling = iam.get_role(RoleName="AWSServiceRoleForAutoScaling_mine")["Role"]
    assert scaling["Path"] == "/aws-service-role/autoscaling.amazonaws.com/"
    ids = iam.get_user(UserName="ada")["User"]["UserId"], iam.get_role(RoleName="host")["Role"]["RoleId"]
    said = apply(generation=2)
    assert " 0 added, " in said and " 0 destroyed." in said, said
    user, role = iam.get_user(UserName="ada")["User"], iam.get_role(RoleName="host")["Role"]
    assert (user["UserId"], role["RoleId"]) == ids
    assert (user["Path"], role["MaxSessionDuration"], role["Description"]) == ("/others/", 7200, "generation 2")
    assert iam.get_role(RoleName="AWSServiceRoleForECS")["Role"]["Description"] == "generation 2"
    assert [member["UserName"] for member in iam.get_group(GroupName="team")["Users"]] == ["ada"]
    destroy()
    assert entities(server) == before


@test_of("service")
def test_a_service_in_a_network_of_its_own_is_applied_scaled_and_destroyed(server, apply, destroy):
    ecs, before = server.client("ecs"), (entities(server), networks(server))

    def service():
        return ecs.describe_services(cluster="service", services=["app"])["services"][0]

    apply(desired=1)
    assert (service()["status"], service()["runningCount"]) == ("ACTIVE", 1)
    (task,) = ecs.list_tasks(cluster="service")["taskArns"]
    streams = server.client("logs").describe_log_streams(logGroupName="/ecs/service")["logStreams"]
    assert [stream["logStreamName"] for stream in streams] == ["app/app/" + task.rsplit("/", 1)[1]]
    said = apply(desired=3)
    assert " 0 added, 1 changed, 0 destroyed." in said, said
    assert (service()["desiredCount"], service()["runningCount"]) == (3, 3)
    destroy()
    assert ecs.describe_clusters(clusters=["service"])["clusters"][0]["status"] == "INACTIVE"
    assert server.client("logs").describe_log_groups()["logGroups"] == []
    assert (entities(server), networks(server)) == before


@test_of("network")
def test_all_kinds_of_network_records_are_made_changed_and_destroyed(server, apply, destroy):
    ec2, before = server.client("ec2"), networks(server)
    apply(generation=1)
    (gateway,) = ec2.describe_nat_gateways()["NatGateways"]
    assert gateway["State"] == "available"
    interface = ec2.describe_network_interfaces(Filters=[{"Name": "description", "Values": ["generation 1"]}])
    (interface,) = interface["NetworkInterfaces"]
    assert interface["PrivateIpAddress"] == "10.30.0.50" and interface["Association"]["IpOwnerId"] == interface["OwnerId"]
    said = apply(generation=2)
    assert " 1 destroyed." in said, said
    again = ec2.describe_network_interfaces(NetworkInterfaceIds=[interface["NetworkInterfaceId"]])["NetworkInterfaces"][0]
    assert len(again["Groups"]) == 2 and again["Description"] == "generation 2"
    (template,) = ec2.describe_launch_templates()["LaunchTemplates"]
    assert template["LatestVersionNumber"] == 2
    destroy()
    assert networks(server) == before
    assert ec2.describe_addresses()["Addresses"] == [] and ec2.describe_launch_templates()["LaunchTemplates"] == []
    assert all(gateway["State"] == "deleted" for gateway in ec2.describe_nat_gateways()["NatGateways"])


@test_of("secrets")
def test_parameters_and_a_secret_are_made_changed_and_destroyed(server, apply, destroy):
    ssm, secrets = server.client("ssm"), server.client("secretsmanager")

    def value(name):
        return ssm.get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"]

    def password():
        return json.loads(secrets.get_secret_value(SecretId="stack/database")["SecretString"])["password"]

    apply(generation=1)
    arn = secrets.describe_secret(SecretId="stack/database")["ARN"]
    assert (value("/stack/url"), value("/stack/password"), password()) == ("http://service/1", "password-1", "secret-1")
    said = apply(generation=2)
    # A version of a secret is replaced by the next one.
    assert " 1 added, 3 changed, 1 destroyed." in said, said
    assert (value("/stack/url"), value("/stack/password"), password()) == ("http://service/2", "password-2", "secret-2")
    assert value("/stack/password:1") == "password-1"
    described = secrets.describe_secret(SecretId="stack/database")
    assert (described["ARN"], described["Description"]) == (arn, "generation 2")
    assert described["Tags"] == [{"Key": "generation", "Value": "2"}]
    destroy()
    assert ssm.describe_parameters()["Parameters"] == []
    assert secrets.list_secrets(IncludePlannedDeletion=True)["SecretList"] == []


@test_of("capacity")
def test_capacity_providers_and_a_task_set_are_made_changed_and_destroyed(server, apply, destroy):
    ecs = server.client("ecs")

    def seen():
        cluster = ecs.describe_clusters(clusters=["capacity"])["clusters"][0]
        (strategy,) = cluster["defaultCapacityProviderStrategy"]
        (chosen,) = ecs.describe_task_sets(cluster="capacity", service="external")["taskSets"]
        setting = ecs.list_account_settings(name="containerInsights", effectiveSettings=True)["settings"][0]["value"]
        return setting, sorted(cluster["capacityProviders"]), strategy["weight"], chosen["runningCount"]

    apply(generation=1)
    assert seen() == ("enabled", ["FARGATE", "FARGATE_SPOT"], 1, 1)
    said = apply(generation=2)
    assert " 0 added, 3 changed, 0 destroyed." in said, said
    assert seen() == ("disabled", ["FARGATE", "FARGATE_SPOT"], 2, 2)
    destroy()
    assert ecs.describe_clusters(clusters=["capacity"])["clusters"][0]["status"] == "INACTIVE"

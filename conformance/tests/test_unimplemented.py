"""What is modelled but not implemented says so, in the error shape of its protocol."""

import pytest
from pytest import refused

from roadstead import Keys

# One operation of each protocol and each service that a first version leaves out; a call that AWS's model takes.
CALLS = [
    ("ecs", "create_express_gateway_service", {"executionRoleArn": "r", "infrastructureRoleArn": "r", "primaryContainer": {"image": "i"}}),
    ("ec2", "create_key_pair", {"KeyName": "a"}),
    ("iam", "delete_virtual_mfa_device", {"SerialNumber": "123456789"}),
    ("route53", "list_hosted_zones", {}),
    ("cloudwatch", "list_dashboards", {}),
    ("logs", "describe_queries", {}),
    ("secretsmanager", "rotate_secret", {"SecretId": "name"}),
]


@pytest.mark.parametrize("service, method, parameters", CALLS, ids=[f"{call[0]}-{call[1]}" for call in CALLS])
def test_an_operation_that_is_not_implemented_names_itself(server, service, method, parameters):
    client = server.client(service)
    operation = client.meta.method_to_api_mapping[method]
    mounted = {(op["service"], op["operation"]) for op in server.operations() if op["mounted"]}
    if (service, operation) in mounted:
        pytest.skip(f"{service}:{operation} is implemented by now; name another one here")
    with refused("NotImplemented", status=501) as caught:
        getattr(client, method)(**parameters)
    assert operation in caught.value.response["Error"]["Message"]


def test_who_is_not_known_is_not_told_what_is_implemented(server):
    with refused("InvalidClientTokenId", status=403):
        server.client("iam", Keys("AKIAIOSFODNN7EXAMPLE", "secret")).delete_virtual_mfa_device(SerialNumber="123456789")


def test_an_operation_that_aws_does_not_have_is_refused(server):
    client = server.client("sts")
    with refused("InvalidAction", status=400):
        client.meta.events.register("before-sign", lambda request, **_: request.data.update(Action="NoSuchThing"))
        client.get_caller_identity()

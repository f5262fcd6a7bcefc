"""What is ours on the endpoint: health, metrics, the list of operations."""

import json
import re
import socket
import urllib.error
import urllib.request

from pytest import refused


def test_health_is_answered_to_anybody(server):
    status, headers, body = server.get("/_roadstead/health")
    assert status == 200 and headers["content-type"].startswith("application/json")
    answer = json.loads(body)
    assert answer["status"] == "ok" and re.match(r"\d+\.\d+\.\d+", answer["version"])


def test_metrics_count_requests_by_service_operation_and_status(own_server):
    own_server.client("sts").get_caller_identity()
    status, headers, body = own_server.get("/_roadstead/metrics")
    assert status == 200 and headers["content-type"].startswith("text/plain")
    counted = [line for line in body.splitlines() if line.startswith("roadstead_requests_total") and 'service="sts",operation="GetCallerIdentity",status="2' in line]
    assert counted and any(float(line.rsplit(" ", 1)[1]) >= 1 for line in counted), body
    for family in re.findall(r"(?m)^# TYPE (\S+) ", body):
        assert family.startswith("roadstead_"), family


def test_the_list_of_operations_names_every_modelled_one(server):
    operations = server.operations()
    names = {(op["service"], op["operation"]) for op in operations}
    assert len(names) == len(operations) >= 800
    assert ("ecs", "CreateExpressGatewayService") in names


def test_other_paths_of_ours_do_not_exist(server):
    assert server.get("/_roadstead/nothing")[0] == 404


def test_every_answer_has_a_request_id_of_its_own(server):
    sts, seen = server.client("sts"), set()
    for _ in range(3):
        metadata = sts.get_caller_identity()["ResponseMetadata"]
        assert metadata["HTTPHeaders"]["x-amzn-requestid"] == metadata["RequestId"]
        assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", metadata["RequestId"])
        seen.add(metadata["RequestId"])
    assert len(seen) == 3


def test_a_body_over_ten_megabytes_is_refused(server):
    request = urllib.request.Request(server.url, data=b"x" * (10 * 1024 * 1024 + 1), method="POST")
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            status = answer.status
    except urllib.error.HTTPError as error:
        status = error.code
    except urllib.error.URLError as error:
        # The server may hang up on a body that it will not read.
        assert isinstance(error.reason, (ConnectionResetError, BrokenPipeError)), error
        return
    assert status == 413


def test_a_wrong_parameter_is_told_before_anything_is_looked_up(server, user):
    _, keys = user()
    client = server.client("iam", keys, parameter_validation=False)
    with refused("ValidationError", status=400):
        client.create_role(RoleName="x" * 65, AssumeRolePolicyDocument="{}")


def test_a_client_that_ends_its_side_with_the_request_is_answered(server):
    host, port = server.url.removeprefix("http://").split(":")
    for _ in range(20):
        with socket.create_connection((host, int(port)), timeout=10) as client:
            client.sendall(b"GET /_roadstead/health HTTP/1.0\r\nHost: a\r\n\r\n")
            client.shutdown(socket.SHUT_WR)
            answer = b"".join(iter(lambda: client.recv(4096), b""))
            assert answer.startswith(b"HTTP/1."), answer

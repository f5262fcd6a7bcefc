"""A request that nobody signed, or that somebody altered, is refused with the words of its protocol."""

import datetime

import botocore.auth
import botocore.awsrequest
import botocore.credentials
import pytest
import urllib3
from pytest import refused

from roadstead import Keys

MISMATCH = (
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and "
    "signing method. Consult the service documentation for details."
)
INVALID = "The security token included in the request is invalid."
EC2 = "AWS was not able to validate the provided access credentials"

# Service, a call without parameters that it has, and its family of protocols.
CALLS = [("sts", "get_caller_identity", "query"), ("iam", "list_users", "query"), ("ecs", "list_clusters", "json"),
         ("ec2", "describe_vpcs", "ec2")]
ANY = pytest.mark.parametrize("service, operation, family", CALLS, ids=[call[0] for call in CALLS])

UNSIGNED = {"query": [("MissingAuthenticationToken", 403)], "json": [("MissingAuthenticationTokenException", 400)],
            "ec2": [("MissingAuthenticationToken", 403), ("AuthFailure", 401)]}
UNKNOWN = {"query": ("InvalidClientTokenId", INVALID, 403), "json": ("UnrecognizedClientException", INVALID, 400),
           "ec2": ("AuthFailure", EC2, 401)}
ALTERED = {"query": ("SignatureDoesNotMatch", MISMATCH, 403), "json": ("InvalidSignatureException", MISMATCH, 400),
           "ec2": ("AuthFailure", EC2, 401)}


@ANY
def test_an_unsigned_call_is_refused(server, service, operation, family):
    with pytest.raises(Exception) as caught:
        getattr(server.unsigned(service), operation)()
    answer = caught.value.response
    assert (answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]) in UNSIGNED[family]


@ANY
def test_a_key_that_does_not_exist_is_refused(server, service, operation, family):
    with refused(*UNKNOWN[family]):
        getattr(server.client(service, Keys("AKIAIOSFODNN7EXAMPLE", "secret")), operation)()


@ANY
def test_a_wrong_secret_is_refused(server, service, operation, family):
    with refused(*ALTERED[family]):
        getattr(server.client(service, Keys(server.root.id, "wrong")), operation)()


@ANY
@pytest.mark.parametrize("part", ["body", "date", "path", "host", "method", "token"])
def test_an_altered_call_is_refused(server, service, operation, family, part):
    client = server.client(service)

    def alter(request, **_):
        if part == "body":
            request.body = request.body + (b" " if isinstance(request.body, bytes) else " ")
            request.headers["Content-Length"] = str(len(request.body))
        elif part == "date":
            signed = datetime.datetime.strptime(header(request, "X-Amz-Date"), "%Y%m%dT%H%M%SZ")
            request.headers["X-Amz-Date"] = (signed + datetime.timedelta(seconds=1)).strftime("%Y%m%dT%H%M%SZ")
        elif part == "path":
            request.url = request.url + "?a=b"
        elif part == "host":
            request.headers["Host"] = "elsewhere"
        elif part == "method":
            request.method = "PUT"
        else:
            request.headers["X-Amz-Security-Token"] = "x"

    client.meta.events.register("before-send", alter)
    code, message, status = ALTERED[family]
    with refused(code, message, status):
        getattr(client, operation)()


def header(request, name):
    value = request.headers[name]
    return value.decode() if isinstance(value, bytes) else value


def sign(server, service="sts", form=b"Action=GetCallerIdentity&Version=2011-06-15", at=None, presign=None, method="POST", headers=None):
    """A signed request as botocore makes it, at another time where wanted."""
    url = server.url + "/"
    if presign:
        url, form = url + "?" + form.decode(), b""
    request = botocore.awsrequest.AWSRequest(method=method, url=url, data=form, headers=headers or {})
    if not presign:
        request.headers["Content-Type"] = "application/x-www-form-urlencoded; charset=utf-8"
    credentials = botocore.credentials.Credentials(server.root.id, server.root.secret)
    if presign:
        signer = botocore.auth.SigV4QueryAuth(credentials, service, "us-east-1", expires=presign)
    else:
        signer = botocore.auth.SigV4Auth(credentials, service, "us-east-1")
    real = botocore.auth.get_current_datetime
    try:
        if at:
            botocore.auth.get_current_datetime = lambda remove_tzinfo=True: (real(remove_tzinfo) + at)
        signer.add_auth(request)
    finally:
        botocore.auth.get_current_datetime = real
    return request.prepare()


def send(prepared, **changes):
    headers = {name: value.decode() if isinstance(value, bytes) else value for name, value in prepared.headers.items()}
    headers.update(changes.pop("headers", {}))
    return urllib3.PoolManager(retries=False).request(
        changes.get("method", prepared.method), changes.get("url", prepared.url), body=prepared.body, headers=headers
    )


@pytest.mark.parametrize("minutes, status", [(-16, 403), (-14, 200), (14, 200), (16, 403)])
def test_a_clock_may_be_fifteen_minutes_away(server, minutes, status):
    answer = send(sign(server, at=datetime.timedelta(minutes=minutes)))
    assert answer.status == status, answer.data
    if status == 403:
        assert b"<Code>SignatureDoesNotMatch</Code>" in answer.data


def test_a_presigned_call_works_until_its_time_is_over(server):
    assert send(sign(server, presign=60, method="GET")).status == 200
    late = send(sign(server, presign=60, method="GET", at=datetime.timedelta(minutes=-2)))
    assert late.status == 403 and b"<Code>SignatureDoesNotMatch</Code>" in late.data


@pytest.mark.parametrize("seconds", [604_801, 0])
def test_a_presigned_call_lives_seven_days_at_most(server, seconds):
    prepared = sign(server, presign=60, method="GET")
    assert send(prepared, url=prepared.url.replace("X-Amz-Expires=60", f"X-Amz-Expires={seconds}")).status in (400, 403)


def test_a_presigned_call_with_another_action_is_refused(server):
    prepared = sign(server, presign=60, method="GET")
    answer = send(prepared, url=prepared.url.replace("GetCallerIdentity", "GetSessionToken"))
    assert answer.status == 403 and b"<Code>SignatureDoesNotMatch</Code>" in answer.data


def test_an_unsigned_payload_is_refused(server):
    prepared = sign(server, headers={"X-Amz-Content-SHA256": "UNSIGNED-PAYLOAD"})
    answer = send(prepared)
    assert answer.status == 403 and b"<Code>SignatureDoesNotMatch</Code>" in answer.data


def test_a_signature_in_header_and_query_at_once_is_refused(server):
    presigned = sign(server, presign=60, method="GET")
    authorization = sign(server).headers["Authorization"]
    authorization = authorization.decode() if isinstance(authorization, bytes) else authorization
    answer = send(presigned, headers={"Authorization": authorization})
    assert answer.status == 400 and b"<Code>IncompleteSignature</Code>" in answer.data


@pytest.mark.parametrize("authorization", ["Basic dXNlcjpwYXNz", "AWS4-HMAC-SHA256", "AWS4-HMAC-SHA256 Credential=a"])
def test_what_is_no_signature_is_called_incomplete(server, authorization):
    answer = send(sign(server), headers={"Authorization": authorization})
    assert answer.status == 400 and b"<Code>IncompleteSignature</Code>" in answer.data


def test_an_error_carries_its_request_id_in_header_and_body(server):
    answer = send(sign(server), headers={"X-Amz-Date": "20260101T000000Z"})
    assert answer.headers["x-amzn-requestid"].encode() in answer.data

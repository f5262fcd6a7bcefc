"""What was acknowledged stays, whatever happens to the process."""

import signal

import pytest

from roadstead import PROGRAM, run


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL], ids=["terminated", "interrupted", "killed"])
def test_a_restart_keeps_everything(own_server, how):
    ecs, iam = own_server.client("ecs"), own_server.client("iam")
    cluster = ecs.create_cluster(clusterName="kept", tags=[{"key": "a", "value": "b"}])["cluster"]
    container = {"name": "app", "image": "busybox", "memory": 64}
    definition = ecs.register_task_definition(family="kept", containerDefinitions=[container])["taskDefinition"]
    iam.create_user(UserName="kept")
    role = iam.get_role(RoleName="AWSServiceRoleForECS")["Role"]
    root = (own_server.root.id, own_server.root.secret)
    status = own_server.stop(how)
    assert status == (-signal.SIGKILL if how == signal.SIGKILL else 0)
    own_server.start()
    assert (own_server.root.id, own_server.root.secret) == root
    ecs, iam = own_server.client("ecs"), own_server.client("iam")
    found = ecs.describe_clusters(clusters=["kept"], include=["TAGS"])["clusters"][0]
    assert (found["clusterArn"], found["tags"]) == (cluster["clusterArn"], [{"key": "a", "value": "b"}])
    assert ecs.describe_task_definition(taskDefinition="kept")["taskDefinition"] == definition
    assert iam.get_user(UserName="kept")["User"]["UserName"] == "kept"
    assert iam.get_role(RoleName="AWSServiceRoleForECS")["Role"]["RoleId"] == role["RoleId"]
    assert ecs.register_task_definition(family="kept", containerDefinitions=[container])["taskDefinition"]["revision"] == 2


def test_a_second_server_on_the_same_directory_is_refused(own_server):
    second = run(PROGRAM, "serve", "--listen", "127.0.0.1:0", "--data-dir", own_server.folder, timeout=20)
    assert second.returncode != 0
    assert "ready on" not in second.stdout
    assert str(own_server.folder) in second.stderr, second.stderr
    own_server.client("sts").get_caller_identity()


def test_the_root_keys_are_readable_by_their_owner_only(own_server):
    secret = own_server.root.secret
    holders = [file for file in own_server.folder.rglob("*") if file.is_file() and secret.encode() in file.read_bytes()]
    assert holders, "the keys are kept somewhere under the data directory"
    for file in [own_server.folder, *holders]:
        assert file.stat().st_mode & 0o077 == 0, f"{file} is {oct(file.stat().st_mode)}"


def test_a_damaged_store_is_an_error_and_never_a_new_start(own_server):
    own_server.client("ecs").create_cluster(clusterName="kept")
    own_server.stop()
    files = [file for file in own_server.folder.rglob("*") if file.is_file()]
    largest = max(files, key=lambda file: file.stat().st_size)
    damaged = b"not a database" * 100
    largest.write_bytes(damaged)
    again = run(PROGRAM, "serve", "--listen", "127.0.0.1:0", "--data-dir", own_server.folder, timeout=20)
    assert again.returncode != 0 and "ready on" not in again.stdout
    assert again.stderr.strip()
    assert largest.read_bytes() == damaged

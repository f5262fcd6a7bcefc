"""Names as the containers of a real task find them: at the third address of their VPC."""

import ipaddress
import os
import socket
import struct
import subprocess
import sys
import threading

import pytest

from roadstead import Server, wait_for
from test_ecs_network import Host, lines

UPSTREAM = "127.0.0.153"

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux") or os.geteuid() != 0, reason="only root on Linux gives tasks a network"
)


@pytest.fixture
def upstream():
    """The host's resolver: it knows one name."""
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind((UPSTREAM, 53))
    server.settimeout(0.1)
    asked, over = [], threading.Event()

    def serve():
        while not over.is_set():
            try:
                request, client = server.recvfrom(4096)
            except TimeoutError:
                continue
            name, kind, end = question(request)
            asked.append(name)
            header, answer = struct.pack(">HHHHHH", *struct.unpack(">H", request[:2]), 0x8183, 1, 0, 0, 0), b""
            if name == "www.example.org":
                count = 1 if kind == 1 else 0
                header = struct.pack(">HHHHHH", *struct.unpack(">H", request[:2]), 0x8180, 1, count, 0, 0)
                answer = b"\xc0\x0c" + struct.pack(">HHIH", 1, 1, 60, 4) + bytes([192, 0, 2, 80]) if count else b""
            server.sendto(header + request[12:end] + answer, client)

    serving = threading.Thread(target=serve, daemon=True)
    serving.start()
    yield asked
    over.set()
    serving.join()
    server.close()


@pytest.fixture
def host(tmp_path, engine, upstream):
    """A server with real containers whose host asks the upstream, and whose tasks are all gone afterwards."""
    (tmp_path / "resolv.conf").write_text(f"nameserver {UPSTREAM}\n")
    options = ["--runtime", "docker", "--resolv-conf", str(tmp_path / "resolv.conf")]
    server = Server(tmp_path / "data", *options).start()
    server.client("ecs").create_cluster(clusterName="net")
    host = Host(server, engine)
    yield host
    host.stop_all()
    server.stop()


def question(message):
    """The name, the type and the end of a message's question."""
    labels, at = [], 12
    while message[at]:
        labels.append(message[at + 1 : at + 1 + message[at]].decode().lower())
        at += 1 + message[at]
    return ".".join(labels), *struct.unpack(">H", message[at + 1 : at + 3]), at + 5


def container(arn):
    labels = f"label=com.amazonaws.ecs.task-arn={arn}", "label=com.amazonaws.ecs.container-name=web"
    name = lines("docker", "ps", "--format", "{{.Names}}", "--filter", labels[0], "--filter", labels[1])[0]
    return lambda *command: subprocess.run(["docker", "exec", name, *command], capture_output=True, text=True)


def resolver_of(host):
    vpc = host.ec2.describe_vpcs()["Vpcs"][0]
    return vpc["VpcId"], str(ipaddress.ip_network(vpc["CidrBlock"])[2])


def test_a_container_resolves_names_of_its_vpc_and_others_at_the_third_address(host, upstream):
    arn = host.run("names", host.group("names"))
    address = host.address(arn)
    inside = container(arn)
    _, resolver = resolver_of(host)
    conf = inside("cat", "/etc/resolv.conf").stdout.split()
    assert conf[conf.index("nameserver") + 1] == resolver
    assert conf[conf.index("search") + 1] == "ec2.internal"
    own = f"ip-{address.replace('.', '-')}.ec2.internal"
    assert inside("hostname").stdout.strip() == own
    found = inside("nslookup", own)
    assert found.returncode == 0 and address in found.stdout, found
    assert f"name = {own}" in inside("nslookup", address).stdout
    found = inside("nslookup", "www.example.org")
    assert found.returncode == 0 and "192.0.2.80" in found.stdout, found
    assert "www.example.org" in upstream
    missing = inside("nslookup", "missing.example.org")
    assert "192.0.2." not in missing.stdout and "missing.example.org" in upstream
    assert not any(name.endswith(".ec2.internal") for name in upstream), "names of the VPC stay here"
    assert not any(name.endswith("in-addr.arpa") for name in upstream)


def test_names_are_resolved_after_a_restart_of_the_server(host, upstream):
    arn = host.run("again", host.group("again"))
    host.address(arn)
    inside = container(arn)
    host.server.restart()
    found = inside("nslookup", "www.example.org")
    assert found.returncode == 0 and "192.0.2.80" in found.stdout, found


def test_a_vpc_without_dns_support_has_no_resolver(host):
    arn = host.run("silent", host.group("silent"))
    own = f"ip-{host.address(arn).replace('.', '-')}.ec2.internal"
    inside = container(arn)
    vpc, resolver = resolver_of(host)

    def answers():
        return inside("timeout", "2", "nslookup", own, resolver).returncode == 0

    assert answers()
    host.ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsSupport={"Value": False})
    wait_for("the resolver to fall silent", lambda: not answers())
    host.ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsSupport={"Value": True})
    wait_for("the resolver to answer again", answers)

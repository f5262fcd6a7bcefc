"""A real server in a directory of its own, and AWS's own clients pointed at it."""

import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request

import boto3
import botocore
import botocore.config

PROGRAM = os.environ.get(
    "ROADSTEAD_BIN", str(pathlib.Path(__file__).resolve().parent.parent / "target/release/roadstead")
)
ENGINE = os.environ.get("ROADSTEAD_ENGINE", "none")
IMAGE = os.environ.get("ROADSTEAD_IMAGE", "roadstead/busybox:latest")
ACCOUNT = "000000000000"
REGION = "us-east-1"
# One session for all clients: it reads each model once.
CLIENTS = boto3.session.Session()
# A session is for one thread at a time; its clients are for all.
ONE_BY_ONE = threading.Lock()
READY = re.compile(r"^roadstead: ready on (http://127\.0\.0\.1:\d+)$")


def environment(**extra):
    """The environment of a user who has configured nothing."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "ROADSTEAD_"))}
    nowhere = {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull, "AWS_EC2_METADATA_DISABLED": "true"}
    return {**kept, **nowhere, **extra}


def run(*arguments, timeout=120, env=None):
    """Runs a program to its end; gives status, output and errors."""
    return subprocess.run(
        [str(argument) for argument in arguments],
        env=environment() if env is None else env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=timeout,
    )


class Keys:
    """An access key, its secret and perhaps a session token."""

    def __init__(self, access_key_id, secret_access_key, token=None):
        self.id, self.secret, self.token = access_key_id, secret_access_key, token

    @classmethod
    def of(cls, answer):
        """From the AccessKey of CreateAccessKey or the Credentials of AssumeRole."""
        return cls(answer["AccessKeyId"], answer["SecretAccessKey"], answer.get("SessionToken"))


class Server:
    """One `roadstead serve`, started and stopped by the test that uses it."""

    def __init__(self, folder, *options, env=None):
        self.folder, self.options, self.env = pathlib.Path(folder), options, env or {}
        self.process = self.url = self.exports = None
        self.log = []

    def start(self):
        arguments = [PROGRAM, "serve", "--listen", "127.0.0.1:0", "--data-dir", str(self.folder), *self.options]
        self.process = subprocess.Popen(
            arguments, env=environment(**self.env), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True,
        )
        # Both pipes are read to the end, so that the server never waits for us.
        threading.Thread(target=lambda: self.log.extend(self.process.stderr), daemon=True).start()
        first = self.process.stdout.readline()
        threading.Thread(target=self.process.stdout.read, daemon=True).start()
        ready = READY.match(first.rstrip("\n"))
        if not ready:
            self.process.kill()
            self.process.wait()
            time.sleep(0.1)
            raise AssertionError(f"the server says {first!r}\n{''.join(self.log[-20:])}")
        self.url = ready[1]
        printed = run(PROGRAM, "env", "--data-dir", self.folder)
        assert printed.returncode == 0, printed.stderr
        self.exports = exports(printed.stdout)
        return self

    def stop(self, how=signal.SIGTERM):
        """Stops the server; its exit status."""
        if self.process.poll() is None:
            self.process.send_signal(how)
        return self.process.wait(timeout=30)

    def restart(self, how=signal.SIGTERM):
        self.stop(how)
        return self.start()

    @property
    def root(self):
        return Keys(self.exports["AWS_ACCESS_KEY_ID"], self.exports["AWS_SECRET_ACCESS_KEY"])

    def client(self, service, keys=None, region=REGION, **config):
        """A boto3 client, of the root user unless other keys are given; it never tries twice."""
        keys = keys or self.root
        with ONE_BY_ONE:
            return CLIENTS.client(
                service,
                endpoint_url=self.url,
                region_name=region,
                aws_access_key_id=keys.id,
                aws_secret_access_key=keys.secret,
                aws_session_token=keys.token,
                config=botocore.config.Config(
                    retries={"total_max_attempts": 1}, inject_host_prefix=False, read_timeout=60, **config
                ),
            )

    def unsigned(self, service, region=REGION):
        return self.client(service, region=region, signature_version=botocore.UNSIGNED)

    def aws(self, *arguments, keys=None, region=None):
        """The AWS CLI with what `roadstead env` prints."""
        exported = dict(self.exports)
        if keys:
            exported.update(AWS_ACCESS_KEY_ID=keys.id, AWS_SECRET_ACCESS_KEY=keys.secret)
            if keys.token:
                exported["AWS_SESSION_TOKEN"] = keys.token
        where = ["--region", region] if region else []
        return run(sys.executable, "-m", "awscli", *arguments, *where, "--output", "json", env=environment(**exported))

    def get(self, path):
        """An unsigned GET: status, headers, body."""
        try:
            with urllib.request.urlopen(self.url + path, timeout=10) as answer:
                return answer.status, answer.headers, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.headers, error.read().decode()

    def command(self, *arguments):
        """Another command of the program, for this server's directory."""
        return run(PROGRAM, *arguments, "--data-dir", self.folder)

    def operations(self):
        return json.loads(self.get("/_roadstead/operations")[2])


def exports(text):
    """The variables of `export NAME=VALUE` lines, as a shell would set them."""
    shell = shutil.which("bash") or "/bin/sh"
    names = re.findall(r"(?m)\b([A-Z][A-Z0-9_]*)=", text)
    script = text + "\n" + "".join(f'printf "%s\\0" {name}="${name}"\n' for name in names)
    output = subprocess.run([shell, "-c", script], capture_output=True, text=True, check=True, env={}).stdout
    return dict(pair.split("=", 1) for pair in output.split("\0") if "=" in pair)


def wait_for(what, check, seconds=60):
    """Repeats a check until it gives something; the conversation with a real server has no other clock."""
    deadline = time.monotonic() + seconds
    while True:
        found = check()
        if found:
            return found
        assert time.monotonic() < deadline, f"waited {seconds} s for {what}"
        time.sleep(0.1)

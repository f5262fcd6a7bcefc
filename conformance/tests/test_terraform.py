"""Terraform's AWS provider: apply, an empty plan, destroy."""

import os
import pathlib
import shutil

import pytest

from roadstead import environment, run

PROVIDER = os.environ.get("ROADSTEAD_TERRAFORM_PROVIDER")


@pytest.fixture
def terraform(own_server, tmp_path):
    if not shutil.which("terraform") or not PROVIDER:
        pytest.skip("terraform or its AWS provider is not on this machine; set TF_PLUGIN_DIR")
    provider = pathlib.Path(PROVIDER)
    settings = tmp_path / "terraform.rc"
    mirror = next((folder for folder in provider.parents if (folder / "registry.terraform.io").is_dir()), None)
    if mirror:
        settings.write_text(f'provider_installation {{\n  filesystem_mirror {{ path = "{mirror}" }}\n}}\n')
    else:
        settings.write_text(f'provider_installation {{\n  dev_overrides {{ "hashicorp/aws" = "{provider.parent}" }}\n  direct {{}}\n}}\n')
    work = tmp_path / "work"
    shutil.copytree(pathlib.Path(__file__).parent.parent / "terraform", work)
    variables = environment(
        TF_CLI_CONFIG_FILE=str(settings), TF_IN_AUTOMATION="1", CHECKPOINT_DISABLE="1", **own_server.exports
    )

    def command(*arguments, expect=0):
        done = run("terraform", f"-chdir={work}", *arguments, "-no-color", env=variables, timeout=300)
        assert done.returncode == expect, done.stdout + done.stderr
        return done.stdout

    if mirror:
        command("init", "-input=false")
    return command


def test_a_stack_is_applied_settles_and_is_destroyed(own_server, terraform):
    terraform("apply", "-input=false", "-auto-approve")
    ecs = own_server.client("ecs")
    assert ecs.describe_clusters(clusters=["stack"])["clusters"][0]["status"] == "ACTIVE"
    terraform("plan", "-input=false", "-detailed-exitcode")
    terraform("destroy", "-input=false", "-auto-approve")
    assert ecs.describe_clusters(clusters=["stack"])["clusters"][0]["status"] == "INACTIVE"

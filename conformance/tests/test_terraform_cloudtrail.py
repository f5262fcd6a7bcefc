"""Terraform's AWS provider and trails: apply, an empty plan, change, an empty plan, destroy, and nothing left."""

import shutil

import pytest

from test_terraform import PROVIDER, terraform


def test_trails_are_made_changed_and_destroyed(own_server, tmp_path):
    if not shutil.which("terraform") or not PROVIDER:
        pytest.skip("terraform or its AWS provider is not on this machine; set TF_PLUGIN_DIR")
    client = own_server.client("cloudtrail")
    apply, destroy = terraform(own_server, "cloudtrail", tmp_path)

    def trail(name):
        """The trail, whether it logs, its selectors and its tags."""
        shown = client.get_trail(Name=name)["Trail"]
        tags = client.list_tags(ResourceIdList=[shown["TrailARN"]])["ResourceTagList"][0]["TagsList"]
        selectors = client.get_event_selectors(TrailName=name)
        return shown, client.get_trail_status(Name=name)["IsLogging"], selectors, {tag["Key"]: tag["Value"] for tag in tags}

    apply(generation=1)
    shown, logs, selectors, tags = trail("main")
    arn = shown["TrailARN"]
    assert (shown["S3BucketName"], shown["S3KeyPrefix"], shown["IsMultiRegionTrail"], logs) == ("logs-1", "first", False, True)
    assert selectors["EventSelectors"][0]["DataResources"][0]["Values"] == ["arn:aws:s3:::bucket/1"]
    assert tags == {"generation": "1", "only-1": "yes"}
    assert not trail("plain")[0]["HasCustomEventSelectors"]

    said = apply(generation=2)
    assert " 0 added, 3 changed, 0 destroyed." in said, said
    shown, logs, selectors, tags = trail("main")
    assert shown["TrailARN"] == arn
    assert (shown["S3BucketName"], shown["IsMultiRegionTrail"], shown["LogFileValidationEnabled"], logs) == ("logs-2", True, True, False)
    assert "S3KeyPrefix" not in shown and "SnsTopicARN" not in shown
    assert selectors["EventSelectors"][0]["ReadWriteType"] == "All"
    assert tags == {"generation": "2", "only-2": "yes"}
    assert trail("plain")[2]["EventSelectors"][0]["ReadWriteType"] == "ReadOnly"
    fields = trail("advanced")[2]["AdvancedEventSelectors"][0]["FieldSelectors"]
    assert ["Generation2"] in [field.get("NotStartsWith") for field in fields]

    said = apply(generation=1)
    assert " 0 added, 3 changed, 0 destroyed." in said, said
    assert not trail("plain")[0]["HasCustomEventSelectors"]
    destroy()
    assert client.list_trails()["Trails"] == []

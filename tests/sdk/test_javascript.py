"""The AWS SDK for JavaScript, version 3, with lib-storage and the presigner, in Node."""

from tests.sdk import tools
from tests.sdk.conftest import run


def test_the_javascript_sdk_goes_the_whole_way_round(account, folder):
    node = tools.node()
    environment = account.env | {"AWS_REGION": "us-east-1"}

    steps = run(node, "round_trip.mjs", f"js-{account.account_id}", folder.path,
                env=environment, cwd=tools.JAVASCRIPT)  # fmt: skip

    assert steps.splitlines()[-1] == "deletes every version and the bucket"
    assert account.client("s3").list_buckets()["Buckets"] == []

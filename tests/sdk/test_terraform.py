"""Terraform with the AWS provider, where both are at hand: neither Debian, PyPI nor npm has them."""

import functools
import shutil

import pytest

from tests.sdk import tools
from tests.sdk.conftest import LARGE, SMALL, content, run


@pytest.fixture
def terraform(account, folder):
    """Return a function that runs Terraform as the owner, in a folder of its own."""
    found = tools.terraform()
    if found is None:
        pytest.skip("Terraform was not tried: it needs `terraform` on the PATH and TERRAFORM_PLUGIN_DIR, a folder with"
                    " the AWS provider")  # fmt: skip
    program, plugins = found
    shutil.copytree(tools.HERE / "terraform", folder / "terraform")
    named = {"TF_VAR_name": f"terraform-{account.account_id}", "TF_VAR_folder": str(folder.path)}
    quiet = {"CHECKPOINT_DISABLE": "1", "TF_IN_AUTOMATION": "1", "TF_CLI_CONFIG_FILE": "/dev/null"}
    plain = functools.partial(run, program, f"-chdir={folder / 'terraform'}", env=account.env | named | quiet)
    plain("init", f"-plugin-dir={plugins}")
    return plain


def test_it_builds_sees_no_difference_and_takes_down(terraform, account):
    bucket = f"terraform-{account.account_id}"

    terraform("apply", "-auto-approve")
    told = terraform("output", "-raw", "account")
    again = terraform("plan", "-detailed-exitcode", check=False)

    assert told == account.account_id
    assert (again.returncode, "No changes" in again.stdout) == (0, True), again.stdout
    assert content(account, bucket, "a é+&.txt") == SMALL
    assert content(account, bucket, "copy.bin") == LARGE
    assert account.client("s3").get_bucket_tagging(Bucket=bucket)["TagSet"] == [{"Key": "course", "Value": "clouds"}]

    terraform("destroy", "-auto-approve")
    assert account.client("s3").list_buckets()["Buckets"] == []

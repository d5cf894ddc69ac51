"""s3fs with pandas and pyarrow, and pyarrow's own S3 client, in an environment of their own."""

from tests.sdk import tools
from tests.sdk.conftest import run


def test_s3fs_pandas_and_pyarrow_go_the_whole_way_round(account, folder):
    python = tools.s3fs_python()

    steps = run(python, "round_trip.py", f"frames-{account.account_id}", folder.path, env=account.env, cwd=tools.S3FS)

    assert steps.splitlines()[-1] == "deletes"

"""The main job over the wire, as a robot with the real AWS CLI and boto3 walks it."""

import io
import json
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from apps.billing import invoices
from tests import journey

AWS_CLI = str(Path(sys.executable).parent / "aws")


def aws(lab, *arguments, check=True):
    """Run the real AWS CLI as a lab; return what it printed."""
    done = subprocess.run([AWS_CLI, *arguments], env=lab.env, capture_output=True, text=True, timeout=60)
    assert not check or done.returncode == 0, done.stderr
    return done.stdout if check else done.stderr


def tail(lab, group):
    """Return a group's messages as `aws logs tail` reads them (version 2 of the CLI, which pip does not have)."""
    found = lab.client("logs").filter_log_events(logGroupName=group, interleaved=True, startTime=0)
    return "".join(event["message"] for event in found["events"])


@pytest.fixture(scope="module")
def lab(module_account, tmp_path_factory):
    """Walk steps 3 to 6 once: bucket, site, function, event, distribution."""
    folder = tmp_path_factory.mktemp("site")
    (folder / "index.html").write_text("<h1>A photo for the world</h1><img src=photos/lake.jpg>")
    (folder / "photo.jpg").write_bytes(journey.photo())
    (folder / "code.zip").write_bytes(journey.zipped(journey.THUMBNAIL_HANDLER))
    module_account.bucket = f"journey-{module_account.account_id}"
    module_account.folder = folder
    aws(module_account, "s3", "mb", f"s3://{module_account.bucket}")
    aws(module_account, "s3", "cp", str(folder / "index.html"), f"s3://{module_account.bucket}/index.html")
    aws(
        module_account,
        "lambda",
        "create-function",
        "--function-name=thumbnail",
        "--runtime=python3.11",
        "--handler=app.handler",
        f"--role=arn:aws:iam::{module_account.account_id}:role/lambda-role",
        "--timeout=20",
        f"--zip-file=fileb://{folder}/code.zip",
    )
    return module_account


def test_the_cli_lists_what_it_uploaded(lab):
    listed = aws(lab, "s3", "ls", f"s3://{lab.bucket}")

    assert "index.html" in listed


def test_the_stock_waiters_work(lab):
    lab.client("lambda").get_waiter("function_active_v2").wait(FunctionName="thumbnail")
    lab.client("lambda").get_waiter("function_updated_v2").wait(FunctionName="thumbnail")
    lab.client("s3").get_waiter("bucket_exists").wait(Bucket=lab.bucket)
    lab.client("s3").get_waiter("object_exists").wait(Bucket=lab.bucket, Key="index.html")


def test_an_upload_starts_the_function_which_writes_a_thumbnail(lab):
    lab.client("lambda").get_waiter("function_active_v2").wait(FunctionName="thumbnail")
    lab.client("lambda").add_permission(
        FunctionName="thumbnail",
        StatementId="from-bucket",
        Action="lambda:InvokeFunction",
        Principal="s3.amazonaws.com",
        SourceArn=f"arn:aws:s3:::{lab.bucket}",
        SourceAccount=lab.account_id,
    )
    lab.client("s3").put_bucket_notification_configuration(
        Bucket=lab.bucket,
        NotificationConfiguration={
            "LambdaFunctionConfigurations": [
                {
                    "LambdaFunctionArn": f"arn:aws:lambda:us-east-1:{lab.account_id}:function:thumbnail",
                    "Events": ["s3:ObjectCreated:*"],
                    "Filter": {"Key": {"FilterRules": [{"Name": "prefix", "Value": "photos/"}]}},
                }
            ]
        },
    )

    aws(lab, "s3", "cp", str(lab.folder / "photo.jpg"), f"s3://{lab.bucket}/photos/lake.jpg")

    s3 = lab.client("s3")
    journey.until(lambda: s3.list_objects_v2(Bucket=lab.bucket, Prefix="thumbs/").get("Contents"), 30)
    thumbnail = s3.get_object(Bucket=lab.bucket, Key="thumbs/lake.jpg")
    assert Image.open(io.BytesIO(thumbnail["Body"].read())).size == (160, 120)
    assert "made ['thumbs/lake.jpg']" in journey.until(lambda: tail(lab, "/aws/lambda/thumbnail"))


def test_london_is_served_from_london_and_los_angeles_from_los_angeles(lab, stack):
    made = journey.distribution_over(lab, lab.bucket)
    domain = made["DomainName"]

    first = journey.visit(stack, domain, "/photos/lake.jpg", "London")
    second = journey.visit(stack, domain, "/photos/lake.jpg", "London")
    far = journey.visit(stack, domain, "/photos/lake.jpg", "Los Angeles")

    assert first.status == 200 and first.body == (lab.folder / "photo.jpg").read_bytes()
    assert first.headers["x-cache"] == "Miss from cloudfront" and first.headers["x-amz-cf-pop"].startswith("LHR")
    assert second.headers["x-cache"] == "Hit from cloudfront" and int(second.headers["age"]) >= 0
    assert far.headers["x-cache"] == "Miss from cloudfront" and far.headers["x-amz-cf-pop"].startswith("LAX")
    assert "hit" in second.headers["cache-status"] and "dur=" in second.headers["server-timing"]

    cloudfront = lab.client("cloudfront")
    invalidation = cloudfront.create_invalidation(
        DistributionId=made["Id"],
        InvalidationBatch={"Paths": {"Quantity": 1, "Items": ["/photos/*"]}, "CallerReference": "1"},
    )["Invalidation"]
    cloudfront.get_waiter("invalidation_completed").wait(
        DistributionId=made["Id"], Id=invalidation["Id"], WaiterConfig={"Delay": 1, "MaxAttempts": 20}
    )
    after = journey.visit(stack, domain, "/photos/lake.jpg", "London")
    assert after.headers["x-cache"] == "Miss from cloudfront"


def test_the_bill_names_what_was_used(lab):
    invoice = invoices.invoice(lab.model)

    services = {line.service for line in invoice.lines}
    assert {"AmazonS3", "AWSLambda", "AmazonCloudFront"} <= services or len(services) >= 3
    assert sum(line.amount for line in invoice.lines) == invoice.total_exact


def test_the_function_answers_the_cli_with_its_log(lab, tmp_path):
    out = tmp_path / "out.json"

    told = json.loads(
        aws(
            lab,
            "lambda",
            "invoke",
            "--function-name=thumbnail",
            '--payload={"Records": []}',
            "--log-type=Tail",
            str(out),
        )
    )

    assert told["StatusCode"] == 200 and "FunctionError" not in told
    assert json.loads(out.read_text()) == []

"""A teacher empties a student's lab: everything in it goes, nobody else's does, the bill stays."""

from apps.billing import invoices
from apps.buckets.models import Bucket
from apps.cdn.models import Distribution
from apps.classrooms import progress
from apps.functions.models import Function
from tests import journey
from tests.classrooms.conftest import TUTORIAL, browser
from tests.conftest import Lab


def filled(account, stack):
    """Fill a lab with one of everything."""
    lab = Lab(account, stack)
    bucket = f"mine-{account.account_id}"
    s3 = lab.client("s3")
    s3.create_bucket(Bucket=bucket)
    for n in range(3):
        s3.put_object(Bucket=bucket, Key=f"photos/{n}", Body=b"x")
    s3.create_multipart_upload(Bucket=bucket, Key="half")
    lab.client("lambda").create_function(
        FunctionName="hello",
        Runtime="python3.11",
        Handler="app.handler",
        Role=f"arn:aws:iam::{account.account_id}:role/lambda-role",
        Code={"ZipFile": journey.zipped("def handler(event, context):\n    return 1\n")},
    )
    journey.distribution_over(lab, bucket)
    return lab


def test_a_reset_empties_one_lab_through_the_operations(course, anna, bert, teacher, stack):
    mine, other = filled(anna.account, stack), filled(bert.account, stack)
    progress.note(anna.account, TUTORIAL, "bucket")
    spent = invoices.invoice(anna.account).total_exact

    answer = browser(teacher).post(f"/classes/{course.pk}/students/{anna.pk}/reset")

    assert answer.status_code == 302
    assert mine.client("s3").list_buckets()["Buckets"] == []
    assert mine.client("lambda").list_functions()["Functions"] == []
    assert mine.client("cloudfront").list_distributions()["DistributionList"]["Quantity"] == 0
    assert mine.client("logs").describe_log_groups()["logGroups"] == []
    assert not progress.of(anna.account, TUTORIAL)
    assert invoices.invoice(anna.account).total_exact >= spent > 0
    left = (Bucket.objects, Function.objects, Distribution.objects)
    assert [rows.filter(account=other.model).count() for rows in left] == [1, 1, 1]


def test_an_empty_lab_can_be_reset_again(course, anna, teacher):
    for _ in range(2):
        assert browser(teacher).post(f"/classes/{course.pk}/students/{anna.pk}/reset").status_code == 302

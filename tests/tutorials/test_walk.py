"""The tutorial over the wire: each step says what is missing, and is done when the lab really is.

The student works in a terminal; nothing is told to the tutorial but what it finds in the lab.
"""

import io
import json

import pytest
from PIL import Image

from apps.tutorials import content, numbers, predictions, progress, samples
from tests import journey

TUTORIAL = content.tutorials()["a-photo-for-the-world"]
SITE = {"index.html": ("<h1>hello</h1>", "text/html"), "style.css": ("h1{}", "text/css")}


class Student:
    """A lab in a tutorial: what it is told, and how it works."""

    def __init__(self, lab, stack):
        self.lab, self.stack = lab, stack
        self.numbers = numbers.of(lab.model)
        self.s3 = lab.client("s3")

    def here(self):
        """Return (slug of the step the lab is at, what is missing)."""
        places = progress.advance(self.lab.model, TUTORIAL)
        now = next((place for place in places if place.state == "current"), None)
        return (now.step.slug, now.missing) if now else ("", "")

    def reaches(self, slug, seconds=20):
        journey.until(lambda: self.here()[0] == slug, seconds)

    def is_told(self, words):
        """Wait for a sentence: an edge writes down a visit just after it answered."""
        journey.until(lambda: words in self.here()[1], 5)

    def put(self, key, body, content_type="image/jpeg"):
        self.s3.put_object(Bucket=self.numbers.bucket, Key=key, Body=body, ContentType=content_type)

    def answer(self, slug, **values):
        return predictions.save(self.lab.model, TUTORIAL, TUTORIAL.step(slug), values)

    def compared(self, slug):
        return predictions.comparisons(self.lab.model, TUTORIAL, TUTORIAL.step(slug))


@pytest.fixture(scope="module")
def student(module_account, stack):
    return Student(module_account, stack)


def test_01_a_bucket_of_another_name_is_not_the_one(student):
    assert student.here() == ("bucket", f"Your lab has no bucket called {student.numbers.bucket} yet.")
    student.s3.create_bucket(Bucket=f"mine-{student.lab.account_id}")
    assert f"mine-{student.lab.account_id}" in student.here()[1]

    student.s3.create_bucket(Bucket=student.numbers.bucket)

    assert student.here()[0] == "site"


def test_02_the_site_is_looked_for_file_by_file(student):
    student.put("site/index.html", "<h1>", "text/html")
    assert "There is site/index.html" in student.here()[1]
    for key, (body, kind) in SITE.items():
        student.put(key, body, kind)
    assert student.here()[1].endswith("photo.jpg.")
    student.put("photo.jpg", b"")
    assert "0 bytes" in student.here()[1]
    student.put("photo.jpg", journey.photo())
    student.put("index.html", "<h1>", "binary/octet-stream")
    assert "a browser would download it" in student.here()[1]

    student.put("index.html", *SITE["index.html"])

    assert student.here()[0] == "function"


def test_03_the_function_is_the_one_that_the_tutorial_shows(student):
    source = samples.handler(student.numbers)
    assert f"photo.thumbnail(({student.numbers.width_px}, {student.numbers.width_px}))" in source
    student.lab.client("lambda").create_function(
        FunctionName="thumbnail",
        Runtime="python3.11",
        Handler="app.handler",
        Role=f"arn:aws:iam::{student.lab.account_id}:role/lambda-role",
        Timeout=20,
        MemorySize=256,
        Code={"ZipFile": journey.zipped(source)},
    )
    student.lab.client("lambda").get_waiter("function_active_v2").wait(FunctionName="thumbnail")

    assert student.here() == ("test", "thumbnail has not been tested yet.")


def test_04_a_test_that_fails_does_not_count(student):
    invoke = student.lab.client("lambda").invoke
    invoke(FunctionName="thumbnail", Payload=b'{"Records": [{}]}')
    assert "ended with" in student.here()[1]

    invoke(FunctionName="thumbnail", Payload=b'{"Records": []}')

    assert student.here()[0] == "event"


def test_05_the_event_needs_the_right_prefix(student):
    student.lab.client("lambda").add_permission(
        FunctionName="thumbnail",
        StatementId="bucket",
        Action="lambda:InvokeFunction",
        Principal="s3.amazonaws.com",
        SourceArn=f"arn:aws:s3:::{student.numbers.bucket}",
    )
    assert "tells nobody" in student.here()[1]

    for prefix, says in (("", "no prefix"), ("pictures/", "pictures/"), ("photos/", "No photo is in photos/ yet")):
        rules = [{"Name": "prefix", "Value": prefix}] if prefix else []
        connection = {
            "LambdaFunctionArn": f"arn:aws:lambda:us-east-1:{student.lab.account_id}:function:thumbnail",
            "Events": ["s3:ObjectCreated:*"],
            **({"Filter": {"Key": {"FilterRules": rules}}} if rules else {}),
        }
        student.s3.put_bucket_notification_configuration(
            Bucket=student.numbers.bucket,
            NotificationConfiguration={"LambdaFunctionConfigurations": [connection]},
        )
        assert says in student.here()[1]


def test_06_a_classmates_thumbnail_has_the_wrong_size(student):
    copied = io.BytesIO()
    Image.new("RGB", (99, 50)).save(copied, "JPEG")
    student.put("photos/placeholder", b"x")
    student.put("thumbs/copied.jpg", copied.getvalue())
    assert f"99 x 50 pixels; your lab's longest side is {student.numbers.width_px}" in student.here()[1]

    student.put("photos/lake.jpg", journey.photo())

    student.reaches("distribution", 30)


def test_07_the_distribution_must_be_let_in(student):
    assert "as its origin yet" in student.here()[1]

    student.made = journey.distribution_over(student.lab, student.numbers.bucket)

    student.reaches("guess-second")
    assert progress.lab(student.lab.model)["domain"] == student.made["DomainName"]


def test_08_a_guess_is_asked_before_the_look_and_cannot_be_changed(student):
    assert student.answer("guess-second", result="maybe", ttfb_ms="fast").keys() == {"result", "ttfb_ms"}
    assert student.here()[0] == "guess-second"

    assert student.answer("guess-second", result="hit", ttfb_ms="12,5") == {}
    assert student.answer("guess-second", result="miss", ttfb_ms="1") == {}

    said = student.compared("guess-second")
    assert [one.said for one in said] == ["a hit: the London edge has it already", "12.5 ms"]
    assert all(one.measured is None for one in said)
    assert student.here() == ("london", "Nobody from London has come yet.")


def test_09_the_second_visitor_stands_beside_the_guess(student):
    domain = student.made["DomainName"]
    journey.visit(student.stack, domain, "/photo.jpg", "London")
    student.is_told("Now the second")
    journey.visit(student.stack, domain, "/style.css", "London")
    student.is_told("different paths")

    journey.visit(student.stack, domain, "/photo.jpg", "London")

    student.reaches("far")
    result, waited = student.compared("london")
    assert result.verdict == "right" and "Hit" in result.measured.shown
    assert waited.measured.shown.endswith(" ms") and waited.verdict in ("right", "near", "off")


def test_10_a_visitor_from_the_labs_own_far_city(student):
    journey.visit(student.stack, student.made["DomainName"], "/photo.jpg", "Paris")
    assert student.here()[1] == f"Nobody from {student.numbers.far_city} has come yet."

    journey.visit(student.stack, student.made["DomainName"], "/photo.jpg", student.numbers.far_city)

    student.reaches("invalidate")
    assert student.here()[1] == "No edge was told to forget anything yet."


def test_11_an_invalidation_is_seen_by_the_next_visitor(student):
    cloudfront = student.lab.client("cloudfront")
    made = cloudfront.create_invalidation(
        DistributionId=student.made["Id"],
        InvalidationBatch={"Paths": {"Quantity": 1, "Items": ["/photo.jpg"]}, "CallerReference": "1"},
    )["Invalidation"]
    cloudfront.get_waiter("invalidation_completed").wait(
        DistributionId=student.made["Id"], Id=made["Id"], WaiterConfig={"Delay": 1, "MaxAttempts": 20}
    )
    assert "send a visitor from London again" in student.here()[1]

    journey.visit(student.stack, student.made["DomainName"], "/photo.jpg", "London")

    student.reaches("crowd")


def test_12_the_bill_stands_beside_the_guess_and_nothing_is_rounded_to_nothing(student):
    assert student.answer("guess-bill", service="cloudfront", visits_usd="0.01") == {}

    service, visits = student.compared("guess-bill")

    assert service.measured.value in ("s3", "lambda", "cloudfront")
    assert visits.measured.shown.startswith("$0.0") and float(visits.measured.value) > 0


def test_13_a_lab_sees_nothing_of_another(student, classmate):
    other = Student(classmate, student.stack)

    assert other.here()[0] == "bucket"
    assert other.numbers.bucket != student.numbers.bucket
    assert json.dumps(progress.lab(classmate.model)).count(student.numbers.seed) == 0

"""The why page of a request: who asked, each statement with what it says and what the request has, and the way to change it."""

import json

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from playwright.sync_api import expect

from apps.identity import deciding
from tests.pages_identity.conftest import person, plain_browser, sign_in, text, violations

SECRET = {"Sid": "NotSecret", "Effect": "Deny", "Action": "s3:*", "Resource": "arn:aws:s3:::*/secret/*"}


def policy(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def reads(bucket):
    return {"Sid": "Reading", "Effect": "Allow", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/*"}


@pytest.fixture
def as_alice(iam, alice, stack):
    """Return alice's S3 client."""
    key = iam.create_access_key(UserName=alice)["AccessKey"]
    return boto3.client(
        "s3",
        endpoint_url=stack.aws_url,
        region_name="us-east-1",
        aws_access_key_id=key["AccessKeyId"],
        aws_secret_access_key=key["SecretAccessKey"],
        config=Config(s3={"addressing_style": "path"}, retries={"max_attempts": 1}),
    )


def refused(call, **params):
    """Return the id of a request that was denied."""
    with pytest.raises(ClientError, match="AccessDenied") as told:
        call(**params)
    return told.value.response["ResponseMetadata"]["RequestId"]


def test_a_denied_request_is_explained_in_a_table_and_mended_by_the_link(
    chromium, stack, account, iam, alice, bucket, as_alice
):
    iam.put_user_policy(UserName=alice, PolicyName="own", PolicyDocument=policy(reads(bucket)))
    request_id = refused(as_alice.put_object, Bucket=bucket, Key="new.jpg", Body=b"x")
    page = sign_in(chromium, stack, person(account))
    page.goto(f"/requests/{request_id}")

    row = page.get_by_role("row", name="Reading")
    expect(page.get_by_text("The user alice asked for")).to_contain_text("s3:PutObject")
    expect(row.get_by_role("cell").nth(2)).to_have_text("no: Action")
    expect(row.get_by_role("cell").nth(3)).to_contain_text('"s3:GetObject"')
    expect(row.get_by_role("cell").nth(4)).to_contain_text("s3:PutObject")
    assert not violations(page)

    page.get_by_role("link", name="Open the editor with this statement").click()
    expect(page.locator(".verdict")).to_contain_text("Allowed")
    page.click("button[value=save]")
    page.wait_for_url("**/identity/users/alice/")
    as_alice.put_object(Bucket=bucket, Key="new.jpg", Body=b"x")
    assert not page.complaints
    page.context.close()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1440])
def test_axe_finds_nothing_serious(chromium, stack, account, iam, alice, bucket, as_alice, theme, width):
    iam.put_user_policy(UserName=alice, PolicyName="own", PolicyDocument=policy(reads(bucket), SECRET))
    request_id = refused(as_alice.get_object, Bucket=bucket, Key="secret/a")
    page = sign_in(chromium, stack, person(account), color_scheme=theme, viewport={"width": width, "height": 900})

    page.goto(f"/requests/{request_id}")

    assert not violations(page)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.context.close()


def test_an_explicit_deny_is_marked_as_what_decides(account, iam, alice, bucket, as_alice):
    owner = plain_browser(person(account))
    iam.put_user_policy(UserName=alice, PolicyName="own", PolicyDocument=policy(reads(bucket), SECRET))
    request_id = refused(as_alice.get_object, Bucket=bucket, Key="secret/a")

    page = text(owner.get(f"/requests/{request_id}"))

    decides = page.split('<tr class="decides">')[1].split("</tr>")[0]
    assert "NotSecret" in decides and "yes, decides" in decides
    assert "Remove NotSecret" in page and "Open the editor without the statement" in page


def test_a_condition_says_what_it_wants_and_what_the_request_has(account, iam, alice, bucket, as_alice):
    owner = plain_browser(person(account))
    here = {**reads(bucket), "Condition": {"IpAddress": {"aws:SourceIp": "198.51.100.0/24"}}}
    iam.put_user_policy(UserName=alice, PolicyName="own", PolicyDocument=policy(here))
    request_id = refused(as_alice.get_object, Bucket=bucket, Key="photo.jpg")

    page = text(owner.get(f"/requests/{request_id}"))

    assert "no: Condition" in page and "IpAddress aws:SourceIp &quot;198.51.100.0/24&quot;" in page
    assert "&quot;127.0.0.1&quot;" in page


def test_an_allowed_request_offers_no_change(account, bucket):
    owner = plain_browser(person(account))
    answer = account.client("s3").list_objects_v2(Bucket=bucket)

    page = text(owner.get(f"/requests/{answer['ResponseMetadata']['RequestId']}"))

    assert "The root user asked for" in page
    assert "The smallest change" not in page


def test_a_stranger_is_not_told_why(account, iam, alice, other, bucket, as_alice):
    request_id = refused(as_alice.get_object, Bucket=bucket, Key="photo.jpg")

    assert other.get(f"/requests/{request_id}").status_code == 404


def test_the_policy_of_another_accounts_bucket_is_not_shown_to_the_refused(account, classmate, other, bucket):
    statement = {**reads(bucket), "Sid": "OwnersOwn", "Principal": {"AWS": account.account_id}}
    account.client("s3").put_bucket_policy(Bucket=bucket, Policy=policy(statement))
    request_id = refused(classmate.client("s3").get_object, Bucket=bucket, Key="photo.jpg")

    page = text(other.get(f"/requests/{request_id}"))

    assert "The resource belongs to another account" in page
    assert "OwnersOwn" not in page and "Open the editor" not in page


@pytest.mark.parametrize(
    ("sentence", "element", "wanted", "found"),
    [
        ('policy "a, b", Sid1 (Allow) applies.', "", "", ""),
        ("resource policy, statement 1 (Allow) does not apply: it is for another principal than arn:x.", "Principal", "", "arn:x"),
        ("resource policy, statement 1 (Allow) does not apply: it leaves s3:Get out.", "NotAction", "", "s3:Get"),
        ("resource policy, statement 1 (Deny) does not apply: it leaves arn:r out.", "NotResource", "", "arn:r"),
        ("resource policy, statement 1 (Deny) does not apply: it leaves arn:z out.", "NotPrincipal", "", "arn:z"),
        ('permissions boundary, S (Allow) does not apply: its condition Bool wants aws:SecureTransport to be "true", and it '
         "is false.", "Condition", 'Bool aws:SecureTransport "true"', "false"),
    ],
)  # fmt: skip
def test_sentences_of_a_trace_are_read_back(sentence, element, wanted, found):
    asked = deciding.Asked(None, {"action": "s3:Get", "resource": "arn:r"})

    told = deciding._of_sentence(asked, sentence)

    assert (told["element"], told["wanted"], told["found"]) == (element, wanted, found)
    assert told["applies"] == (not element)

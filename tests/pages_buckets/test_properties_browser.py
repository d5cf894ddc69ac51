"""The settings of a bucket in a browser: by keyboard, with only the fields that the choice needs, in both themes."""

import pytest
from playwright.sync_api import expect

from tests.pages_buckets.conftest import violations


def test_a_website_is_switched_on_by_keyboard(page, bucket, s3):
    page.goto(f"/buckets/{bucket}/?tab=properties")
    page.locator("#website > summary").focus()

    page.keyboard.press("Enter")
    expect(page.locator("#website-index")).to_be_hidden()
    page.locator("[name=kind][value='']").focus()
    page.keyboard.press("ArrowDown")
    expect(page.locator("#website-index")).to_be_visible()
    page.locator("#website-index").fill("start.html")
    page.locator("#website .ways summary").press("Enter")
    expect(page.locator("#website .ways")).to_contain_text("start.html")
    page.locator("#website-index").press("Enter")

    expect(page.locator(".notice").first).to_contain_text("The website is set.")
    expect(page.locator("#website")).to_have_attribute("open", "")
    expect(page.locator("#website > summary .badge")).to_have_text("on")
    link = page.get_by_role("link", name="Visit the website")
    assert link.get_attribute("href").startswith(f"http://{bucket}.s3-website.us-east-1.localhost:")
    assert s3.get_bucket_website(Bucket=bucket)["IndexDocument"]["Suffix"] == "start.html"


def test_the_websites_address_shows_its_pages_to_a_stranger(page, chromium, bucket, s3):
    s3.put_object(Bucket=bucket, Key="index.html", Body=b"<h1>hello</h1>", ContentType="text/html")
    s3.delete_public_access_block(Bucket=bucket)
    page.goto(f"/buckets/{bucket}/?tab=permissions")
    page.click("text=Everyone may read")
    page.click("text=Save policy")
    page.goto(f"/buckets/{bucket}/?tab=properties&open=website")
    page.check("[name=kind][value=host]")
    page.click("text=Save website")

    address = page.get_by_role("link", name="Visit the website").get_attribute("href")
    stranger = chromium.new_context().new_page()
    assert stranger.goto(address).status == 200
    expect(stranger.locator("h1")).to_have_text("hello")
    assert stranger.goto(f"{address}missing").status == 403  # who may not list learns not what is missing
    stranger.context.close()


def test_cors_rules_are_written_in_the_editor_and_a_refusal_has_the_focus(page, bucket, s3):
    page.goto(f"/buckets/{bucket}/?tab=properties&open=cors")

    page.fill("#cors-rules", "[{]")
    page.click("text=Save rules")
    expect(page.locator("#cors-problem")).to_contain_text("This is not JSON")
    expect(page.locator("#cors-rules")).to_be_focused()
    page.complaints.clear()  # Chromium notes the 422
    page.click("#cors >> text=Example")
    expect(page.locator("#cors-rules")).to_have_value(r"".join(page.locator("#cors-example").all_text_contents()))
    page.click("text=Save rules")

    expect(page.locator("#cors > summary .badge")).to_have_text("1 rule")
    assert s3.get_bucket_cors(Bucket=bucket)["CORSRules"][0]["MaxAgeSeconds"] == 3000


def test_enter_in_the_form_of_rules_adds_one_and_removes_none(page, bucket, s3):
    page.goto(f"/buckets/{bucket}/?tab=properties&open=lifecycle")
    for name in ("first", "second"):
        page.locator("#lc-id").fill(name)
        page.locator("#lc-id").press("Enter")
        expect(page.locator(".rules")).to_contain_text(name)

    assert len(s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]) == 2


def test_an_example_policy_is_put_into_the_editor_and_saved(page, bucket, s3):
    page.goto(f"/buckets/{bucket}/?tab=permissions")
    page.click("text=Nobody may delete")
    page.click("text=Save policy")

    expect(page.locator(".notice").first).to_contain_text("The policy is in force.")
    assert "NobodyDeletes" in s3.get_bucket_policy(Bucket=bucket)["Policy"]


def test_the_form_of_a_new_bucket_shows_its_calls_as_it_is_filled_in(page, account):
    page.goto("/buckets/?new=1")
    expect(page.locator("#kms-key")).to_be_hidden()

    page.fill("#name", "keyboard-made")
    page.check("[name=versioning]")
    page.check("[name=algorithm][value='aws:kms']")
    expect(page.locator("#kms-key")).to_be_visible()
    expect(page.locator(".ways-step")).to_have_text(["CreateBucket", "PutBucketVersioning", "PutBucketEncryption"])


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_form_has_a_serious_accessibility_violation_or_is_wider_than_a_phone(page, bucket, s3, theme):
    page.emulate_media(color_scheme=theme)
    s3.put_bucket_ownership_controls(
        Bucket=bucket, OwnershipControls={"Rules": [{"ObjectOwnership": "BucketOwnerPreferred"}]}
    )
    for path in (
        "/buckets/",
        "/buckets/?new=1",
        f"/buckets/{bucket}/?tab=properties",
        f"/buckets/{bucket}/?tab=permissions",
        f"/buckets/{bucket}/?tab=events",
    ):
        page.set_viewport_size({"width": 1280, "height": 900})
        page.goto(path)
        page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        assert not violations(page), path
        page.set_viewport_size({"width": 390, "height": 844})
        assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0, path

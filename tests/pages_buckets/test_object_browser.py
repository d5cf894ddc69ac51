"""One object's page in a browser: the CSV as a table, tags by keyboard, a shared link in a fresh browser."""

import re

import pytest
from playwright.sync_api import expect

from tests.pages_buckets.conftest import violations

CSV = 'name,"a, b",note\n"Anna ""A""",1,<b>bold</b>\r\n"two\nlines",2,é\n'


def test_a_csv_is_a_table_of_text(page, bucket, s3):
    s3.put_object(Bucket=bucket, Key="t.csv", Body=CSV.encode(), ContentType="text/csv")
    page.goto(f"/buckets/{bucket}/object?key=t.csv")

    cells = page.locator("#csv td, #csv th")
    expect(cells).to_have_count(9)
    assert cells.all_text_contents() == ["name", "a, b", "note", 'Anna "A"', "1", "<b>bold</b>", "two\nlines", "2", "é"]
    assert page.locator("#csv b").count() == 0
    page.click("text=Text >> visible=true")
    expect(page.locator("#preview-text")).to_contain_text('"two')


def test_a_shared_link_opens_in_a_fresh_browser_until_it_ends(page, chromium, bucket, s3):
    s3.put_object(Bucket=bucket, Key="a b/é+.txt", Body=b"shared", ContentType="text/plain")
    page.goto(f"/buckets/{bucket}/object?key=a+b%2F%C3%A9%2B.txt&tab=share")
    page.fill("#life", "5")
    page.select_option("[name=unit]", "minutes")
    page.get_by_role("button", name="Make the link").press("Enter")

    expect(page.locator("#link")).to_contain_text("works until")
    expect(page.locator("#link")).to_contain_text("and nothing else")
    page.click("#link >> text=Copy >> nth=0")
    url = page.evaluate("navigator.clipboard.readText()")
    stranger = chromium.new_context().new_page()
    answer = stranger.goto(url)
    assert (answer.status, answer.text()) == (200, "shared")
    assert stranger.goto(re.sub(r"Signature=\w{4}", "Signature=0000", url)).status == 403
    assert stranger.goto(url.partition("?")[0]).status == 403
    stranger.context.close()


def test_an_upload_link_takes_new_bytes(page, bucket, s3):
    s3.put_object(Bucket=bucket, Key="in.txt", Body=b"old")
    page.goto(f"/buckets/{bucket}/object?key=in.txt&tab=share")
    page.check("[value=PUT]")
    page.click("text=Make the link")
    url = page.locator("#link code").first.inner_text()

    answer = page.request.put(url, data="new")

    assert answer.status == 200
    assert s3.get_object(Bucket=bucket, Key="in.txt")["Body"].read() == b"new"


def test_tags_are_edited_by_keyboard_and_shown_as_a_command_meanwhile(page, bucket, s3):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", Tagging="a=1")
    page.goto(f"/buckets/{bucket}/object?key=k&tab=details")
    page.locator("[name=tag_key]").nth(1).focus()

    page.keyboard.type("course")
    page.keyboard.press("Tab")
    page.keyboard.type("clouds")
    page.locator("form:has([name=tag_key]) .ways summary").first.click()
    expect(page.locator("form:has([name=tag_key]) .ways").first).to_contain_text('"Key": "course", "Value": "clouds"')
    page.locator("[name=tag_value]").nth(1).press("Enter")

    expect(page.locator(".notice")).to_contain_text("The tags are set.")
    assert len(s3.get_object_tagging(Bucket=bucket, Key="k")["TagSet"]) == 2


def test_a_version_is_deleted_on_the_object_page_after_asking(page, versioned, s3):
    first = s3.put_object(Bucket=versioned, Key="k", Body=b"1")["VersionId"]
    s3.put_object(Bucket=versioned, Key="k", Body=b"2")
    page.goto(f"/buckets/{versioned}/object?key=k&tab=versions")

    page.get_by_role("button", name=f"Delete version {first} for good").press("Enter")
    expect(page.locator("#ask-text")).to_have_text("Nothing brings this version back.")
    page.click("#ask-yes")

    expect(page.locator("tbody tr")).to_have_count(1)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_tab_has_a_serious_accessibility_violation_or_is_wider_than_a_phone(page, versioned, s3, theme):
    page.emulate_media(color_scheme=theme)
    s3.put_object(Bucket=versioned, Key="t.csv", Body=CSV.encode(), ContentType="text/csv", Tagging="a=1")
    s3.put_object(Bucket=versioned, Key="t.csv", Body=CSV.encode(), ContentType="text/csv", Metadata={"a": "b"})
    for tab in ("overview", "details", "versions", "protection", "access", "share"):
        page.set_viewport_size({"width": 1280, "height": 900})
        page.goto(f"/buckets/{versioned}/object?key=t.csv&tab={tab}")
        assert not violations(page), tab
        page.set_viewport_size({"width": 390, "height": 844})
        assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0, tab

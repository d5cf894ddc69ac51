"""The object list by keyboard alone, in a browser."""

import re

import pytest
from playwright.sync_api import expect

from tests.pages_buckets.conftest import violations

ROW = "#objects tr[data-row]"


@pytest.fixture
def filled(s3, versioned):
    for key in ("a.txt", "b.txt", "c.txt", "d.txt", "docs/one.md", "docs/two.md"):
        s3.put_object(Bucket=versioned, Key=key, Body=key.encode())
    return versioned


def into_list(page):
    """Reach the list with Tab, as somebody without a mouse does."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.matches('#objects tr[data-row]')"):
            return
    raise AssertionError("Tab never reaches the list")


def press(page, *keys):
    for key in keys:
        page.keyboard.press(key)


def active(page):
    return page.evaluate("document.activeElement.dataset.key")


def chosen(page):
    return page.locator(f"{ROW}[aria-selected=true]").evaluate_all("rows => rows.map((row) => row.dataset.key)")


def test_arrows_move_shift_chooses_a_range_and_escape_chooses_none(page, filled):
    page.goto(f"/buckets/{filled}/")
    into_list(page)
    assert active(page) == "docs/"

    press(page, "ArrowDown", "Shift+ArrowDown", "Shift+ArrowDown")
    assert chosen(page) == ["a.txt", "b.txt", "c.txt"]
    press(page, "Shift+ArrowUp")
    assert chosen(page) == ["a.txt", "b.txt"]
    expect(page.locator("#chosen-count")).to_have_text("2 chosen, 10 B")
    press(page, "End", "Space")
    assert chosen(page) == ["a.txt", "b.txt", "d.txt"]
    press(page, "Control+a")
    assert len(chosen(page)) == 5
    press(page, "Escape")
    assert chosen(page) == []


def test_enter_opens_a_folder_and_backspace_leaves_it(page, filled):
    page.goto(f"/buckets/{filled}/")
    into_list(page)

    press(page, "Enter")
    expect(page.locator(ROW)).to_have_count(2)
    expect(page).to_have_url(re.compile(r"\?prefix=docs%2F$"))
    assert active(page) == "docs/one.md"
    press(page, "Backspace")
    expect(page.locator(ROW)).to_have_count(5)
    page.go_back()
    expect(page.locator(ROW)).to_have_count(2)
    press(page, "Enter")
    expect(page.locator("h1")).to_contain_text("one.md")


def test_a_key_is_found_by_its_beginning_while_it_is_typed(page, filled):
    page.goto(f"/buckets/{filled}/")
    into_list(page)

    press(page, "/")
    page.keyboard.type("b")
    expect(page.locator(ROW)).to_have_count(1)
    expect(page.locator("#begins")).to_be_focused()


def test_a_file_is_renamed_and_a_taken_name_is_refused_at_its_field(page, filled, s3):
    page.goto(f"/buckets/{filled}/")
    into_list(page)

    press(page, "ArrowDown", "F2")
    expect(page.locator("#rename-to")).to_be_focused()
    press(page, "Control+a")
    page.keyboard.type("b.txt")
    press(page, "Enter")
    expect(page.locator("#rename-to-problem")).to_contain_text("There is an object with this key already.")
    page.complaints.clear()  # Chromium notes the 422
    expect(page.locator("#rename-to")).to_be_focused()
    press(page, "Control+a")
    page.keyboard.type("docs/z.txt")
    expect(page.locator("#rename .ways").first).to_be_visible()
    press(page, "Enter")
    expect(page.locator(f"{ROW}[data-key='docs/z.txt']")).to_be_visible()
    assert s3.get_object(Bucket=filled, Key="docs/z.txt")["Body"].read() == b"a.txt"


def test_a_menu_opens_at_the_row_and_copies_its_path(page, filled):
    page.goto(f"/buckets/{filled}/")
    into_list(page)

    press(page, "ArrowDown", "Shift+F10")
    expect(page.locator("#row-menu")).to_be_visible()
    assert not violations(page)
    press(page, "ArrowDown", "ArrowDown", "Enter")
    expect(page.locator("#live")).to_have_text(f"Copied s3://{filled}/a.txt")
    assert page.evaluate("navigator.clipboard.readText()") == f"s3://{filled}/a.txt"
    press(page, "Shift+F10", "Escape")
    expect(page.locator("#row-menu")).to_be_hidden()
    assert active(page) == "a.txt"


def test_a_delete_asks_shows_its_act_and_is_undone_in_the_list_of_versions(page, filled, s3):
    page.goto(f"/buckets/{filled}/")
    into_list(page)

    press(page, "ArrowDown", "Shift+ArrowDown", "Delete")
    expect(page.locator("#ask-title")).to_have_text("Delete 2 entries?")
    expect(page.locator("#ask-text")).to_contain_text("the delete can be undone")
    expect(page.locator("#ask .ways")).to_be_visible()
    press(page, "Escape")
    expect(page.locator(ROW)).to_have_count(5)
    press(page, "Delete", "Tab", "Enter")
    expect(page.locator(ROW)).to_have_count(3)
    expect(page.locator(".hint")).to_contain_text("2 deleted keys hidden here")

    page.locator("[role=switch]").focus()
    press(page, "Space")
    expect(page.locator(f"{ROW}[data-kind=marker]")).to_have_count(2)
    expect(page.locator("[role=switch]")).to_be_focused()
    into_list(page)
    press(page, "ArrowDown")
    assert active(page) == "a.txt"
    press(page, "Tab", "Tab", "Enter")
    expect(page.locator(f"{ROW}[data-kind=marker]")).to_have_count(1)
    assert s3.get_object(Bucket=filled, Key="a.txt")["Body"].read() == b"a.txt"


def test_a_version_is_deleted_for_good_after_asking(page, filled, s3):
    s3.put_object(Bucket=filled, Key="a.txt", Body=b"newer")
    page.goto(f"/buckets/{filled}/?versions=1")
    page.locator(f"{ROW}[data-key='a.txt']").nth(1).focus()

    press(page, "Delete")
    expect(page.locator("#ask-yes")).to_have_text("Delete for good")
    press(page, "Tab", "Enter")
    expect(page.locator(f"{ROW}[data-key='a.txt']")).to_have_count(1)
    assert len(s3.list_object_versions(Bucket=filled, Prefix="a.txt")["Versions"]) == 1


def test_a_folder_is_made_and_keys_are_listed(page, filled):
    page.goto(f"/buckets/{filled}/?prefix=docs/")
    page.locator("[data-dialog=new-folder]").focus()
    press(page, "Enter")
    page.keyboard.type("drafts")
    press(page, "Enter")
    expect(page.locator(f"{ROW}[data-key='docs/drafts/']")).to_be_visible()

    press(page, "?")
    expect(page.locator("#keys")).to_be_visible()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_list_has_no_serious_accessibility_violation(page, filled, theme):
    page.emulate_media(color_scheme=theme)
    for query in ("", "?versions=1", "?prefix=docs/"):
        page.goto(f"/buckets/{filled}/{query}")
        page.locator(ROW).first.press("Space")
        assert not violations(page)

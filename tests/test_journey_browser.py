"""The main job in a browser: Debian's Chromium walks it, keeps screenshots in artefacts/, and axe finds nothing serious.

The pages are those of a student, a teacher and an admin, in light and dark, wide and narrow.
"""

import os
import re
import shutil
from pathlib import Path

import pytest
from playwright.sync_api import expect, sync_playwright

from tests import journey

ARTEFACTS = Path(__file__).resolve().parent.parent / "artefacts"
AXE = Path(__file__).resolve().parent / "vendor/axe-4.14.1.min.js"
SITE = Path(__file__).resolve().parent.parent / "apps/console/seed/site"
CHROMIUM = next((p for name in ("chromium", "chromium-browser", "google-chrome") if (p := shutil.which(name))), None)
FLAGS = [
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    *(["--no-sandbox"] if os.geteuid() == 0 else []),  # Chromium refuses its own sandbox to root
]
SERIOUS = ("serious", "critical")


@pytest.fixture(scope="module")
def chromium():
    assert CHROMIUM, "install Debian's chromium: sudo apt-get install -y chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


class Person:
    """Somebody at a browser, signed in; what the page's console complains of is kept."""

    def __init__(self, chromium, stack, name=None, theme="light", width=1440):
        self.context = chromium.new_context(
            base_url=stack.console_url, color_scheme=theme, viewport={"width": width, "height": 900}
        )
        self.page = self.context.new_page()
        self.page.set_default_timeout(20_000)
        self.complaints = []
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", lambda m: self.complaints.append(m.text) if m.type == "error" else None)
        if name:
            self.page.goto("/sign-in")
            self.page.fill("#username", name)
            self.page.fill("#password", stack.password)
            self.page.click("text=Sign in >> visible=true >> nth=-1")
            self.page.wait_for_url(re.compile(r"/$"))

    def shot(self, name):
        ARTEFACTS.mkdir(exist_ok=True)
        self.page.screenshot(path=str(ARTEFACTS / f"{name}.png"), full_page=True)

    def close(self):
        self.context.close()


@pytest.fixture(scope="module")
def student(chromium, stack):
    person = Person(chromium, stack, "student")
    yield person
    person.close()


def test_the_first_page_serves_london_from_london_and_los_angeles_from_los_angeles(student):
    student.page.goto("/")

    expect(student.page.locator("[data-act='2'] .verdict")).to_have_text("■ Miss")
    expect(student.page.locator("[data-act='0'] .verdict")).to_have_text("■ Miss")
    expect(student.page.locator("[data-act='1'] .verdict")).to_have_text("● Hit")
    expect(student.page.locator("[data-act='1'] .said")).to_contain_text("LHR")
    expect(student.page.locator("[data-act='2'] .said")).to_contain_text("LAX")
    student.page.wait_for_timeout(700)
    student.shot("home")


def test_a_bucket_is_made_and_files_are_dropped_into_it(student, tmp_path):
    page = student.page
    page.goto("/buckets/new?name=browser-journey")
    page.click("text=Create bucket")
    expect(page.locator("h1")).to_have_text("browser-journey")
    big = tmp_path / "big.bin"
    big.write_bytes(os.urandom(2**20) * 100)

    page.set_input_files("#files", [SITE / "index.html", SITE / "style.css", SITE / "photo.jpg", big])

    expect(page.locator("table")).to_contain_text("big.bin", timeout=60_000)
    expect(page.locator("table")).to_contain_text("100.0 MiB")
    student.shot("bucket")


def test_a_bad_name_is_refused_at_its_field(student):
    page = student.page
    page.goto("/buckets/?new=1")
    page.fill("#name", "Not A Name")
    page.click("text=Create bucket")

    expect(page.locator("#name-problem")).to_contain_text("not valid")
    expect(page.locator("#name")).to_have_attribute("aria-invalid", "true")
    student.complaints.clear()  # Chromium notes the 422 of the form


def test_a_function_is_written_tested_and_connected(student):
    page = student.page
    page.goto("/functions/new?name=thumbnail-browser&template=thumbnail")
    page.click("button:has-text('Create function')")
    expect(page.locator("h1")).to_have_text("thumbnail-browser")

    page.click("nav.tabs >> text=Test")
    page.fill("#event", '{"Records": []}')
    page.click("button:has-text('Invoke')")
    expect(page.locator("#result")).to_contain_text("succeeded", timeout=40_000)
    expect(page.locator("#result")).to_contain_text("REPORT RequestId")
    for phase in ("queued", "init", "invoke", "frozen"):
        expect(page.locator("#result .timeline")).to_contain_text(phase)
    student.shot("function")

    arn = page.locator("p.mono").first.inner_text()
    page.goto("/buckets/browser-journey/?tab=events")
    page.fill("#function", arn)
    page.fill("#prefix", "photos/")
    page.click("button:has-text('Connect')")
    expect(page.locator("table")).to_contain_text("photos/")

    page.goto("/buckets/browser-journey/?prefix=photos/")
    page.set_input_files("#files", [SITE / "photo.jpg"])
    expect(page.locator("table")).to_contain_text("photo.jpg", timeout=20_000)

    def thumbnail():
        page.goto("/buckets/browser-journey/?prefix=thumbs/")
        return page.locator("table a", has_text="photo.jpg").count()

    journey.until(thumbnail, 40, every=0.5)
    page.locator("table a:visible", has_text="photo.jpg").first.click()
    expect(page.locator(".preview-card img")).to_be_visible()


def test_a_distribution_is_made_and_visitors_arrive_on_the_map(student):
    page = student.page
    page.goto("/distributions/new?bucket=browser-journey")
    page.click("button:has-text('Create distribution')")
    expect(page.locator(".badge.good").first).to_contain_text("Deployed")
    student.shot("distribution")

    page.click("text=See its visitors")
    page.fill("#path", "/photo.jpg")
    for expected in ("Miss", "Hit"):
        page.fill("#location", "London")
        page.click("#visit")
        expect(page.locator("#panel .badge")).to_contain_text(expected)
        expect(page.locator("#panel")).to_contain_text("LHR")
    page.locator("#world").click(position={"x": 200, "y": 180})
    expect(page.locator("#panel h2")).not_to_contain_text("London")

    page.click("#send")
    expect(page.locator("#run")).to_contain_text("500 of 500", timeout=60_000)
    page.wait_for_timeout(1500)
    student.shot("map")
    page.click("nav.tabs >> text=Table")
    expect(page.locator("#rows tr").nth(20)).to_be_visible()
    page.click("nav.tabs >> text=By edge")
    expect(page.locator("table")).to_contain_text("LHR")


def test_the_bill_opens_to_its_meters_and_a_meter_to_its_request(student):
    page = student.page
    page.goto("/bill/")
    for service in ("Amazon S3", "AWS Lambda", "Amazon CloudFront"):
        expect(page.locator("h2", has_text=service).first).to_be_visible()
    student.shot("bill")

    page.click("text=PUT, COPY, POST and LIST requests >> nth=0")
    expect(page.locator("#meters")).to_contain_text("Meters behind")
    page.locator("#meters a").first.click()
    expect(page.locator("h1")).to_be_visible()
    expect(page.locator("text=What it cost")).to_be_visible()


def test_a_refused_request_explains_itself(student, stack):
    page = student.page
    journey.request(f"{stack.aws_url}/browser-journey/photo.jpg")

    page.goto("/requests/?status=failed&text=GetObject")
    page.click("table a >> nth=0")

    expect(page.locator(".steps")).to_contain_text("anonymous")
    student.shot("why")


def test_the_lesson_checks_itself(student):
    page = student.page
    page.goto("/tutorials/a-photo-for-the-world/")

    expect(page.locator("main")).to_contain_text("Make a bucket")
    student.shot("lesson")
    assert not student.complaints


def test_a_teacher_opens_a_class_a_student_joins_by_name_and_is_seen(chromium, stack):
    teacher = Person(chromium, stack, "teacher")
    teacher.page.goto("/classes/new")
    teacher.page.fill("[name=name]", "Clouds 101")
    teacher.page.fill("[name=budget_usd]", "5")
    teacher.page.click("main button.primary")
    code = re.search(r"\b[A-Z0-9]{6}\b", teacher.page.inner_text("main"))[0]

    pupil = Person(chromium, stack)
    pupil.page.goto("/join")
    pupil.page.fill("[name=code]", code)
    pupil.page.fill("[name=name]", "Maria")
    pupil.page.click("button.primary")
    pupil.page.goto("/buckets/")
    expect(pupil.page.locator(".lab").first).to_contain_text("Maria")
    expect(pupil.page.locator(".lab").first).to_contain_text("of $5.00")

    expect(teacher.page.locator("main")).to_contain_text("Maria", timeout=10_000)
    teacher.shot("class")
    pupil.page.goto("/admin/")
    expect(pupil.page.locator("h1")).to_contain_text("Not here")
    teacher.close()
    pupil.close()


def test_an_admin_sees_accounts_requests_and_sandboxes_and_stops_one(chromium, stack):
    admin = Person(chromium, stack, "admin")
    page = admin.page
    page.goto("/admin/")
    page.fill("main [type=search]", "000000000000")
    page.press("main [type=search]", "Enter")
    expect(page.locator("table")).to_contain_text("000000000000")
    admin.shot("admin")
    page.goto("/admin/requests/")
    expect(page.locator("table")).to_contain_text("GetObject")

    page.goto("/admin/machines/")
    expect(page.locator("main")).to_contain_text("thumbnail-browser")
    page.on("dialog", lambda dialog: dialog.accept())
    row = page.locator("tr", has_text="thumbnail-browser")
    row.locator("button").first.click()

    def gone():
        page.goto("/admin/machines/")
        return not page.locator("tr", has_text="thumbnail-browser").count()

    journey.until(gone, 15, every=0.5)
    admin.close()


PAGES = {
    "student": [
        "/", "/buckets/", "/buckets/browser-journey/", "/buckets/browser-journey/?tab=permissions",
        "/buckets/browser-journey/?tab=events", "/functions/", "/functions/new", "/functions/thumbnail-browser/?tab=test",
        "/functions/thumbnail-browser/?tab=invocations", "/distributions/", "/distributions/new", "/map/", "/map/?tab=table",
        "/bill/", "/requests/", "/tutorials/", "/tutorials/a-photo-for-the-world/", "/labs/settings",
    ],
    "teacher": ["/classes/", "/classes/new"],
    "admin": ["/admin/", "/admin/requests/", "/admin/machines/", "/admin/bills/"],
}  # fmt: skip


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", list(PAGES))
def test_no_page_has_a_serious_accessibility_violation(chromium, stack, name, theme):
    person = Person(chromium, stack, name, theme)
    found = []
    for path in PAGES[name]:
        assert person.page.goto(path).status == 200, path
        person.page.evaluate(AXE.read_text())
        result = person.page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        for violation in result["violations"]:
            if violation["impact"] in SERIOUS:
                found.append(f"{path}: {violation['id']}: {violation['nodes'][0]['html'][:160]}")
    person.close()
    assert not found, "\n".join(found)


@pytest.mark.parametrize("name", list(PAGES))
def test_no_page_is_wider_than_a_phone_or_heavier_than_300_kb_of_scripts(chromium, stack, name):
    person = Person(chromium, stack, name, width=390)
    sizes = {}
    person.page.on(
        "response",
        lambda r: sizes.__setitem__(r.url, len(r.body())) if r.request.resource_type == "script" and r.ok else None,
    )
    wide, heavy = [], []
    for path in PAGES[name]:
        sizes.clear()
        person.page.goto(path)
        person.page.wait_for_timeout(400)
        over = person.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        wide += [f"{path} by {over}px"] if over > 0 else []
        heavy += [f"{path}: {sum(sizes.values())} bytes"] if sum(sizes.values()) > 300_000 else []
    person.close()
    assert not wide and not heavy

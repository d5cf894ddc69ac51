"""The policy editor at a browser: it says what the service would say while one types, and who could do what."""

import json
import re

import pytest
from django.template.loader import render_to_string
from playwright.sync_api import expect

from apps.identity import asking, drafts, views_editor
from tests.pages_identity.conftest import person, sign_in, text, violations

ALLOW = {"Sid": "Reading", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::photos/*"}
DENY = {"Sid": "NotThese", "Effect": "Deny", "Action": "s3:*", "Resource": "arn:aws:s3:::photos/secret/*"}
TRUST = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}


def policy(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)}, indent=4)


def open_editor(page, text="", **address):
    query = "&".join(f"{name}={value}" for name, value in address.items())
    page.goto(f"/identity/editor?{query}")
    if text:
        page.fill("#policy", text)


def ask(page, action, resource, who=None):
    if who:
        page.select_option("#who", who)
    page.fill("#action", action)
    page.fill("#resource", resource)


def verdict(page):
    return page.locator(".verdict")


def test_what_the_service_would_refuse_is_said_while_typing_with_its_statement(page, alice):
    bad = {"Sid": "Second", "Effect": "Allow", "Action": "GetObject", "Resource": "*"}
    open_editor(page, policy(ALLOW, bad), kind="user", of=alice)

    said = page.locator("#policy-problem")
    expect(said).to_contain_text("Statement 2 (Second), line 10")
    expect(said).to_contain_text("Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.")
    expect(page.locator("#policy")).to_have_attribute("aria-invalid", "true")

    page.fill("#policy", policy(ALLOW))
    expect(said).to_be_empty()


def test_broken_json_is_pointed_at(page, alice):
    open_editor(page, '{\n  "Version": "2012-10-17",\n  "Statement": [}\n', kind="user", of=alice)

    expect(page.locator("#policy-problem")).to_contain_text("Syntax errors in policy. Line 3, column 17")
    expect(page.locator(".mark-wrong")).to_have_count(1)


def test_a_deny_is_shown_to_beat_an_allow_and_its_lines_are_marked(page, alice):
    open_editor(page, policy(ALLOW, DENY), kind="user", of=alice)
    ask(page, "s3:GetObject", "arn:aws:s3:::photos/lake.jpg")
    expect(verdict(page)).to_contain_text("Allowed")
    expect(page.locator(".verdicts li.decides")).to_contain_text("Reading")

    ask(page, "s3:GetObject", "arn:aws:s3:::photos/secret/a.jpg")
    expect(verdict(page)).to_contain_text("Denied")
    expect(verdict(page)).to_contain_text("An explicit deny beats any allow.")
    expect(page.locator(".verdicts li.decides")).to_contain_text("NotThese")
    expect(page.locator(".mark-decides.denies")).to_have_count(1)


def test_the_smallest_change_is_put_in_and_lets_the_request_through(page, alice):
    open_editor(page, policy(ALLOW), kind="user", of=alice, name="own")
    ask(page, "s3:PutObject", "arn:aws:s3:::photos/lake.jpg")
    expect(verdict(page)).to_contain_text("Denied")
    expect(page.locator(".verdicts li")).to_contain_text("Its actions do not include s3:PutObject")

    page.locator("[data-act=put]").first.click()
    expect(verdict(page)).to_contain_text("Allowed")
    page.click("button[value=save]")
    page.wait_for_url(re.compile(r"/identity/users/alice/"))
    page.get_by_role("link", name="own", exact=True).click()
    assert "s3:PutObject" in page.input_value("#policy")


def test_what_was_put_in_is_taken_back_by_undo(page, alice):
    open_editor(page, policy(ALLOW), kind="user", of=alice)
    ask(page, "s3:PutObject", "arn:aws:s3:::photos/lake.jpg")
    expect(verdict(page)).to_contain_text("photos/lake.jpg")
    page.locator("[data-act=put]").first.click()
    expect(verdict(page)).to_contain_text("Allowed")

    page.focus("#policy")
    page.keyboard.press("Control+z")

    assert "s3:PutObject" not in page.input_value("#policy")


def test_a_ready_statement_is_inserted(page, alice):
    open_editor(page, kind="user", of=alice)
    page.select_option("#ready", label="Assume one role")
    page.click("[data-act=insert]")

    expect(page.locator("#policy")).to_have_value(re.compile("sts:AssumeRole"))
    expect(page.locator("#policy-problem")).to_be_empty()


def test_a_bucket_policy_answers_for_everybody(page, bucket):
    public = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/*"}
    here = {**public, "Sid": "FromHere", "Condition": {"IpAddress": {"aws:SourceIp": "198.51.100.0/24"}}}
    open_editor(page, policy(here), kind="bucket", of=bucket)
    ask(page, "s3:GetObject", f"arn:aws:s3:::{bucket}/photo.jpg", who="anonymous")
    expect(verdict(page)).to_contain_text("Denied")
    expect(page.locator(".verdicts li")).to_contain_text("wants aws:SourceIp")

    page.click(".asking summary")
    page.fill("#keys", "aws:SourceIp=198.51.100.7")
    expect(verdict(page)).to_contain_text("Allowed")

    page.fill("#keys", "")
    page.select_option("#who", "cloudfront")
    expect(verdict(page)).to_contain_text("No resource policy lets cloudfront.amazonaws.com do")
    page.locator("[data-act=put]").first.click()
    expect(verdict(page)).to_contain_text("Allowed")
    assert "cloudfront.amazonaws.com" in page.input_value("#policy")


def test_a_trust_policy_says_who_could_assume_the_role(page, iam, alice, account):
    iam.create_role(RoleName="reader", AssumeRolePolicyDocument=policy(TRUST))
    open_editor(page, kind="trust", of="reader")
    page.select_option("#who", "user/alice")
    expect(verdict(page)).to_contain_text("Denied")
    page.locator("[data-act=put]").first.click()
    expect(verdict(page)).to_contain_text("Allowed")
    page.click("button[value=save]")
    page.wait_for_url(re.compile(r"tab=trust"))
    document = iam.get_role(RoleName="reader")["Role"]["AssumeRolePolicyDocument"]
    assert f"arn:aws:iam::{account.account_id}:user/alice" in json.dumps(document)


def test_a_role_and_a_policy_begin_in_the_editor(page, iam):
    page.goto("/identity/roles/new")
    page.fill("#name", "builder")
    page.fill("#policy", policy(TRUST))
    page.click("button[value=save]")
    page.wait_for_url(re.compile(r"/identity/roles/builder/"))

    page.goto("/identity/policies/new")
    page.fill("#name", "reading")
    page.fill("#description", "reads")
    page.fill("#policy", policy(ALLOW))
    page.click("button[value=save]")
    page.wait_for_url(re.compile(r"/identity/policies/reading/"))

    assert iam.get_role(RoleName="builder")
    assert iam.list_policies(Scope="Local")["Policies"][0]["PolicyName"] == "reading"


@pytest.mark.parametrize(
    ("fields", "field", "words"),
    [
        ({"name": "", "policy": policy(ALLOW)}, "name", "policyName"),
        ({"name": "own", "policy": "{"}, "policy", "Syntax errors in policy."),
        ({"name": "own", "policy": policy({**ALLOW, "Sid": "a b"})}, "policy", "Statement IDs (SID)"),
    ],
)
def test_a_refusal_on_saving_stands_at_its_field_and_the_text_stays(owner, alice, fields, field, words):
    answer = owner.post("/identity/editor", {"kind": "user", "of": alice, "act": "save", **fields})

    found = text(answer)
    assert answer.status_code == 422
    place = found.split(f'id="{field}-problem"')[1][:900]
    assert words in place
    assert "{" in found.split('<textarea id="policy"')[1].split("</textarea>")[0]


def test_without_scripts_the_buttons_ask_insert_and_put(owner, alice):
    fields = {"kind": "user", "of": alice, "name": "own", "who": "user/alice", "action": "s3:PutObject"}
    fields |= {"resource": "arn:aws:s3:::photos/lake.jpg", "policy": policy(ALLOW)}

    asked = text(owner.post("/identity/editor", {**fields, "act": "ask"}))
    put = text(owner.post("/identity/editor", {**fields, "act": "put-0"}))
    inserted = text(owner.post("/identity/editor", {**fields, "act": "insert", "ready": "0"}))

    assert "Denied" in asked and "Put it in" in asked
    assert "Allowed" in put and "s3:PutObject" in put.split('<textarea id="policy"')[1].split("</textarea>")[0]
    assert "ReadOneBucket" in inserted


def test_a_draft_is_weighed_with_groups_and_boundary(owner, iam, alice):
    everything = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
    arn = iam.create_policy(PolicyName="limit", PolicyDocument=policy(ALLOW))["Policy"]["Arn"]
    iam.put_user_permissions_boundary(UserName=alice, PermissionsBoundary=arn)
    fields = {"kind": "user", "of": alice, "name": "own", "who": "user/alice", "action": "s3:PutObject",
              "resource": "arn:aws:s3:::photos/x", "policy": policy(everything)}  # fmt: skip

    by_boundary = text(owner.post("/identity/editor/ask", fields))
    draft_is_boundary = text(
        owner.post("/identity/editor/ask", {**fields, "kind": "managed", "of": "limit", "name": ""})
    )

    assert "the permissions boundary does not" in by_boundary
    assert "That is no matter of this draft." in by_boundary
    assert "permissions boundary" in draft_is_boundary and "Put it in" not in draft_is_boundary


@pytest.mark.parametrize("who", ["user/nobody", "role/nobody", "somebody", "group/staff"])
def test_asking_for_nobody_is_answered_by_404(owner, alice, who):
    assert owner.post("/identity/editor/ask", {"kind": "user", "of": alice, "who": who}).status_code == 404


@pytest.mark.parametrize(
    "draft",
    ["[]", "null", '"x"', "{}", '{"Statement": 5}', '{"Statement": [5]}', "[" * 5000, '{"Statement": [{"Effect": 1}]}',
     '{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": 5, "Action": {}, "Resource": [[]]}}'],
)  # fmt: skip
def test_nonsense_is_answered_and_never_crashes(owner, iam, alice, bucket, draft):
    iam.create_role(RoleName="reader", AssumeRolePolicyDocument=policy(TRUST))
    iam.create_policy(PolicyName="reading", PolicyDocument=policy(ALLOW))
    for kind, of in (("user", alice), ("managed", "reading"), ("trust", "reader"), ("bucket", bucket), ("managed", "")):
        fields = {"kind": kind, "of": of, "policy": draft, "ready": "0"}
        checked = owner.post("/identity/editor/check", fields)
        assert checked.status_code == 200 and checked.json()["problem"]["message"], kind
        assert owner.post("/identity/editor/ask", fields).status_code == 200
        assert owner.post("/identity/editor/insert", fields).status_code == 200
        assert owner.post("/identity/editor", {**fields, "act": "save"}).status_code == 422
    assert owner.get("/identity/editor", {"kind": "user", "of": alice, "put": draft}).status_code == 200


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1440])
def test_axe_finds_nothing_serious(chromium, stack, account, iam, alice, theme, width):
    iam.create_access_key(UserName=alice)
    iam.put_user_policy(UserName=alice, PolicyName="own", PolicyDocument=policy(ALLOW, DENY))
    iam.create_role(RoleName="reader", AssumeRolePolicyDocument=policy(TRUST))
    iam.create_policy(PolicyName="reading", PolicyDocument=policy(ALLOW))
    page = sign_in(chromium, stack, person(account), color_scheme=theme, viewport={"width": width, "height": 900})

    for address in ("", "users/?new=1", "users/alice/", "users/alice/?tab=keys", "roles/reader/?tab=trust", "policies/",
                    "policies/reading/", "editor?kind=user&of=alice&name=own", "editor?kind=trust&of=reader"):  # fmt: skip
        page.goto(f"/identity/{address}")
        if address.startswith("editor"):
            expect(verdict(page)).to_be_visible()
        assert not violations(page), address
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (
            f"{address} is wider than the window"
        )
    page.context.close()


def test_the_editor_stands_in_a_page_of_another_room(account, bucket):
    draft = drafts.find(account.model, "bucket", bucket, text=policy(ALLOW))

    found = render_to_string("identity/_editor.html", views_editor.component(draft))

    assert f'name="of" value="{bucket}"' in found and "Everybody may read objects" in found


def test_the_resources_own_policy_counts_where_a_room_tells_it(owner, alice, account, bucket, monkeypatch):
    arn = f"arn:aws:s3:::{bucket}"
    deny = {"Sid": "Shut", "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": f"{arn}/*"}
    told = {"Version": "2012-10-17", "Statement": [deny]}
    look = lambda lab, asked: told if lab == account.model and asked.startswith(arn) else None  # noqa: E731
    monkeypatch.setattr(asking, "resource_policies", [look])
    fields = {"kind": "user", "of": alice, "name": "own", "who": "user/alice", "action": "s3:GetObject",
              "resource": f"{arn}/photo.jpg", "policy": policy({**ALLOW, "Resource": "*"})}  # fmt: skip

    answer = text(owner.post("/identity/editor/ask", fields))

    assert "Denied" in answer and "Shut" in answer


def test_nobody_signed_in_is_sent_to_sign_in(client_of_nobody):
    for address in ("/identity/", "/identity/users/", "/identity/editor?kind=managed"):
        answer = client_of_nobody.get(address)
        assert answer.status_code == 302 and "/sign-in" in answer.headers["Location"]

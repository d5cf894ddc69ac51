"""The keys' pages: every form works as a plain post, and a classmate's key is not found."""

import secrets

import pytest
from django.test import Client

from apps.identity.models import User
from apps.kms import keys
from apps.kms.models import Key
from playground import clock


def browser(lab):
    """Return a browser of somebody who owns a lab and is signed in."""
    user = User.objects.create(username=f"student-{secrets.token_hex(4)}", kind=User.Kind.STUDENT)
    lab.model.owner = user
    lab.model.save(update_fields=["owner"])
    client = Client(headers={"Origin": "http://testserver"})
    client.force_login(user)
    return client


@pytest.fixture
def owner(account):
    return browser(account)


@pytest.fixture
def key(owner, account):
    """Return a key that was made at the page."""
    answer = owner.post("/keys/new", {"alias": "photos", "description": "mine", "region": "eu-west-1"})
    assert answer.status_code == 302
    return Key.objects.get(account=account.model)


def text(answer):
    return answer.content.decode()


def test_a_lab_without_keys_is_invited_to_make_one(owner):
    page = text(owner.get("/keys/"))

    assert "Your first key" in page
    assert "aws --endpoint-url" in text(owner.get("/keys/?new=1"))


def test_a_key_is_made_with_its_alias(owner, key):
    page = text(owner.get(f"/keys/{key.key_id}/"))

    assert (key.region, key.description) == ("eu-west-1", "mine")
    assert key.aliases.get().name == "alias/photos"
    assert key.arn in page
    assert "kms disable-key" in page
    assert "schedule-key-deletion" in page


def test_a_key_whose_alias_is_refused_is_made_all_the_same_and_says_so(owner, key, account):
    answer = owner.post("/keys/new", {"alias": "photos", "region": "eu-west-1"}, follow=True)

    assert "without an alias" in text(answer)
    assert Key.objects.filter(account=account.model).count() == 2


@pytest.mark.parametrize("tab", ["key", "rotation", "policy", "aliases"])
def test_every_tab_shows_the_act_four_ways(owner, key, tab):
    page = text(owner.get(f"/keys/{key.key_id}/?tab={tab}"))

    assert "The same act as CLI, boto3 and HTTP" in page
    assert "TrentService." in page


def test_a_key_is_disabled_and_enabled(owner, key):
    for act, state in (("disable", "Disabled"), ("enable", "Enabled")):
        owner.post(f"/keys/{key.key_id}/state", {"act": act})
        key.refresh_from_db()
        assert key.state == state


def test_a_deletion_is_scheduled_and_cancelled(owner, key):
    refused = owner.post(f"/keys/{key.key_id}/state", {"act": "delete", "days": "3"}, follow=True)
    assert "greater than or equal to 7" in text(refused)

    page = text(owner.post(f"/keys/{key.key_id}/state", {"act": "delete", "days": "7"}, follow=True))
    assert "Waiting for its deletion" in page
    owner.post(f"/keys/{key.key_id}/state", {"act": "keep"})

    key.refresh_from_db()
    assert key.state == "Disabled"


def test_rotation_is_turned_on_done_and_turned_off(owner, key):
    owner.post(f"/keys/{key.key_id}/rotation", {"act": "on", "days": "100"})
    page = text(owner.post(f"/keys/{key.key_id}/rotation", {"act": "now"}, follow=True))
    key.refresh_from_db()

    assert key.rotation_days == 100
    assert "rotation on demand" in page
    owner.post(f"/keys/{key.key_id}/rotation", {"act": "off"})
    key.refresh_from_db()
    assert key.rotation_days is None


def test_a_refused_policy_stands_at_its_field(owner, key):
    answer = owner.post(f"/keys/{key.key_id}/policy", {"policy": '{"Statement": []} <b>'})

    assert answer.status_code == 422
    assert 'aria-describedby="policy-problem"' in text(answer)
    assert "&lt;b&gt;" in text(answer)


def test_a_policy_is_put_in_force(owner, key):
    policy = key.policy_text.replace("Enable IAM User Permissions", "Ours")

    assert owner.post(f"/keys/{key.key_id}/policy", {"policy": policy}).status_code == 302

    key.refresh_from_db()
    assert key.policy["Statement"][0]["Sid"] == "Ours"


def test_aliases_come_and_go(owner, key):
    owner.post(f"/keys/{key.key_id}/aliases", {"alias": "second"})
    refused = owner.post(f"/keys/{key.key_id}/aliases", {"alias": "aws/mine"})
    owner.post(f"/keys/{key.key_id}/aliases", {"remove": "alias/photos"})

    assert refused.status_code == 422
    assert [one.name for one in key.aliases.all()] == ["alias/second"]


def test_the_key_of_s3_is_shown_and_offers_nothing_to_change(owner, account):
    key = keys.managed_s3(account.model, "us-east-1", clock.now(account.model))

    for tab in ("key", "rotation", "policy", "aliases"):
        page = text(owner.get(f"/keys/{key.key_id}/?tab={tab}"))
        assert "AWS made this key for S3" in page
        assert 'class="button danger"' not in page


def test_a_classmate_does_not_find_the_key(key, classmate):
    stranger = browser(classmate)

    assert stranger.get(f"/keys/{key.key_id}/").status_code == 404
    for form in ("state", "rotation", "policy", "aliases"):
        assert stranger.post(f"/keys/{key.key_id}/{form}", {"act": "disable"}).status_code == 404
    assert key.key_id not in text(stranger.get("/keys/"))


@pytest.mark.parametrize("form", ["state", "rotation"])
def test_an_act_that_does_not_exist_is_not_found(owner, key, form):
    assert owner.post(f"/keys/{key.key_id}/{form}", {"act": "dance"}).status_code == 404

"""A teacher or an admin looks at somebody's buckets: everything is shown, nothing can be changed."""

import pytest

from apps.identity.models import User
from tests.pages_buckets.conftest import person, plain_browser


@pytest.fixture
def visitor(account):
    """Return an admin's browser that has opened the owner's lab."""
    person(account)
    admin = User.objects.create(username=f"admin-{account.account_id}", kind=User.Kind.ADMIN)
    client = plain_browser(admin)
    client.post("/labs/switch", {"account_id": account.account_id})
    return client


@pytest.fixture
def stored(s3, versioned):
    s3.put_object(Bucket=versioned, Key="k.txt", Body=b"seen", ContentType="text/plain")
    return versioned


@pytest.mark.parametrize("tab", ["objects", "uploads", "properties"])
def test_a_visitor_sees_a_bucket_without_its_forms(visitor, stored, tab):
    page = visitor.get(f"/buckets/{stored}/", {"tab": tab}).content.decode()

    assert stored in page
    for form in ("Drop files", "New folder", "Save versioning", "Delete bucket", 'name="key"'):
        assert form not in page


@pytest.mark.parametrize("tab", ["overview", "details", "versions", "protection", "access", "share"])
def test_a_visitor_sees_an_object_without_its_forms(visitor, stored, tab):
    page = visitor.get(f"/buckets/{stored}/object", {"key": "k.txt", "tab": tab}).content.decode()

    assert "k.txt" in page
    for form in ("Make the link", "Save tags", "Save headers", "Delete version", "rename-form"):
        assert form not in page


def test_a_visitor_signs_no_link_and_changes_nothing(visitor, stored, s3):
    for act in ("share", "object/tags", "delete", "rename", "properties/versioning", "uploads/begin"):
        assert (
            visitor.post(f"/buckets/{stored}/{act}", {"key": "k.txt", "life": "1", "unit": "hours"}).status_code == 403
        )
    assert s3.get_bucket_versioning(Bucket=stored)["Status"] == "Enabled"

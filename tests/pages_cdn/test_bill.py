"""The bill page: exact lines, each opening to how it was made; another lab's bill is nobody else's business."""

import re
from decimal import Decimal

import pytest

from apps.billing import invoices


def lines(html):
    return re.findall(r'data-meters href="([^"]+)"', html)


def test_a_lab_that_did_nothing_has_an_empty_bill(owner):
    page = owner.get("/bill/").content.decode()

    assert "Nothing used yet" in page
    assert "$0.00" in page


def test_the_bill_shows_exact_sums_and_the_rounded_ones(owner, bucket, account):
    page = owner.get("/bill/").content.decode()

    invoice = invoices.invoice(account.model)
    assert invoice.total_exact > 0
    assert "Amazon S3" in page and "$0.00001" in page
    assert invoice.total_shown == Decimal("0.00")


def test_a_line_opens_to_its_meters_its_making_and_its_source(owner, bucket):
    href = next(one for one in lines(owner.get("/bill/").content.decode()) if "put_copy" in one).replace("&amp;", "&")

    fragment = owner.get(href, headers={"HX-Request": "true"}).content.decode()
    page = owner.get(href).content.decode()

    assert "Meters behind: PUT, COPY, POST and LIST requests" in fragment and "<html" not in fragment
    assert "2 ÷ 1000 = 0.002" in fragment and "0.002 × $0.005 = $0.00001" in fragment
    assert 'href="/requests/' in fragment
    assert "https://aws.amazon.com/s3/faqs/" in fragment
    assert "<html" in page and "Meters behind" in page


def test_every_line_of_a_bill_opens(owner, site):
    owner.post("/map/visit", {"distribution": site.distribution_id, "path": "/", "location": "Oslo"})
    hrefs = lines(owner.get("/bill/?free=1").content.decode())

    assert len(hrefs) >= 5
    for href in hrefs:
        assert owner.get(href.replace("&amp;", "&")).status_code == 200, href


def test_the_always_free_allowances_are_shown_and_applied(owner, site):
    owner.post("/map/visit", {"distribution": site.distribution_id, "path": "/", "location": "Oslo"})
    page = owner.get("/bill/?free=1").content.decode()

    assert "CloudFront data out" in page and "1024" in page
    assert ">Free</th>" in page


@pytest.mark.parametrize("month", ["2026-13", "x", "1999-01", "2026-1"])
def test_a_month_that_is_none_is_not_there(owner, month):
    assert owner.get("/bill/", {"month": month}).status_code == 404


def test_a_month_before_the_lab_is_empty(owner, bucket):
    assert "Nothing used yet" in owner.get("/bill/", {"month": "2020-01"}).content.decode()


def test_a_line_that_is_not_on_the_bill_is_not_there(owner, other, bucket):
    href = lines(owner.get("/bill/").content.decode())[0].replace("&amp;", "&")

    assert owner.get("/bill/meters", {"month": "2026-11", "sku": "nonsense", "resource": ""}).status_code == 404
    assert owner.get("/bill/meters").status_code == 404
    assert other.get(href).status_code == 404
    assert bucket not in other.get("/bill/").content.decode()

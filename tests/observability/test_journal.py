"""The journal: each line counts exactly once, whoever ingests it and however often it is interrupted."""

import json
import uuid
from decimal import Decimal
from threading import Thread

import pytest
from django.db import connection

from apps.billing.models import Meter, MeterHour
from apps.observability import journal

SKU = "s3.requests.delete_cancel"


@pytest.fixture
def file(stack, account):
    """Return a journal file of a process that is gone, and a function that makes its lines."""
    path = stack.data_dir / "journal" / f"999999999-{uuid.uuid4().hex[:8]}.jsonl"

    def line(quantity):
        record = {"account": account.account_id, "sku": SKU, "quantity": str(quantity), "resource": "r"}
        record.update(region="us-east-1", at="2026-11-24T10:00:00+00:00", request_id="q")
        return json.dumps(["meter", record]).encode() + b"\n"

    return path, line


def counted(account):
    return sum((row.quantity for row in MeterHour.objects.filter(account=account.model, sku=SKU)), Decimal(0))


def test_a_line_counts_once_however_often_it_is_ingested(file, account):
    path, line = file
    path.write_bytes(b"".join(line(1) for _ in range(500)))

    threads = [Thread(target=lambda: (journal.ingest(), connection.close())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    journal.ingest()

    assert counted(account) == 500
    assert Meter.objects.filter(account=account.model, sku=SKU).count() == 500


def test_a_half_written_line_waits_for_its_end(file, account):
    path, line = file
    whole = line(7)
    path.write_bytes(line(1) + whole[:20])
    journal.ingest()
    assert counted(account) == 1

    with path.open("ab") as out:
        out.write(whole[20:])
    journal.ingest()

    assert counted(account) == 8


def test_a_corrupt_line_is_left_out_and_the_rest_counts(file, account):
    path, line = file
    path.write_bytes(line(1) + b"not json\n" + line(2))

    journal.ingest()

    assert counted(account) == 3

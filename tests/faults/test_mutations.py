"""Ten thousand spoiled requests: none brings a 500, a traceback, a hang, another lab's data or a file astray.

MUTATIONS=100000 sends more, MUTATIONS_SEED=7 others; what fails names its number and the seed.
"""

import os
import random
import re
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest

from apps.buckets.models import Blob, Object
from tests import journey
from tests.buckets.asking import body_of, new_bucket, versioned
from tests.faults import mutations, raw

COUNT = int(os.environ.get("MUTATIONS", "10000"))
SEED = int(os.environ.get("MUTATIONS_SEED", "20261124"))
CLIENTS = 6


@pytest.fixture(scope="module")
def s3(module_account):
    return module_account.client("s3")


def place(stack, s3, victim):
    """Make a bucket with some objects to ask for."""
    name = versioned(s3)
    versions = [s3.put_object(Bucket=name, Key=key, Body=key.encode() * 40)["VersionId"] for key in mutations.KEYS]
    upload = s3.create_multipart_upload(Bucket=name, Key="multi")["UploadId"]
    host = urlsplit(stack.aws_url).netloc
    return {"host": host, "bucket": name, "victim": victim, "upload": upload, "version": versions[0]}


def wrong(sent, answer, seconds):
    """Return what is wrong with an answer, or None."""
    status, _headers, body = answer
    not_built = status == 501 and (
        b"NotImplemented" in body or sent.header("transfer-encoding") or sent.method == "HEAD"
    )
    if status >= 500 and not not_built:
        return f"{status} {body[:300]!r}"
    if b"Traceback" in body or b"root:x:0" in body or b"of the victim" in body:
        return f"tells too much: {body[:300]!r}"
    return f"took {seconds:.1f} s" if seconds > 8 else None


def send_all(stack, key, where, seed, count):
    """Send requests over one connection. Returns [(number, request, what is wrong)], {status: how many}."""
    kind = mutations.Kind(random.Random(seed), key, where)
    address = urlsplit(stack.aws_url)
    connection = raw.Connection(address.hostname, address.port)
    bad, statuses = [], {}
    for number in range(count):
        sent = kind.next()
        started = time.monotonic()
        try:
            answer = connection.send(sent)
        except (raw.Broken, TimeoutError) as error:
            connection.close()
            status, found = 0, f"no answer: {error!r} after {time.monotonic() - started:.1f} s"
        else:
            status, found = answer[0], wrong(sent, answer, time.monotonic() - started)
        statuses[status] = statuses.get(status, 0) + 1
        if found:
            bad.append((number, sent, found))
    connection.close()
    return bad, statuses


def told(runs):
    """Return some failures in words, few of a kind."""
    lines, kinds = [], {}
    for seed, (bad, _statuses) in runs:
        for number, sent, found in bad:
            kind = (sent.note, found[:3])
            kinds[kind] = kinds.get(kind, 0) + 1
            if kinds[kind] <= 2 and len(lines) < 24:
                head, body = sent.encode()
                lines.append(
                    f"seed {seed} number {number} ({sent.note}, cut={sent.cut}): {found[:300]}\n    {head[:600]!r}\n    {body[:200]!r}"
                )
    return "\n".join([*lines, str(kinds)])


def tracebacks(log):
    """Return the distinct ends of the tracebacks in a log."""
    return sorted({"\n".join(one.splitlines()[-7:]) for one in re.findall(r"Traceback.*?\n(?=\S)[^\n]*", log, re.S)})


def test_spoiled_requests_are_refused_and_harm_nothing(stack, s3, module_account, classmate):
    victim = new_bucket(classmate.client("s3"))
    classmate.client("s3").put_object(Bucket=victim, Key="secret", Body=b"of the victim")
    key = raw.Key(module_account.access_key, module_account.secret_key)
    places = [place(stack, s3, victim) for _ in range(CLIENTS)]
    log_before = len(stack.log("web"))
    started = time.monotonic()

    with ThreadPoolExecutor(CLIENTS) as pool:
        seeds = [SEED + n for n in range(CLIENTS)]
        runs = list(
            pool.map(
                lambda pair: send_all(stack, key, pair[1], pair[0], COUNT // CLIENTS), zip(seeds, places, strict=True)
            )
        )

    seconds, statuses = time.monotonic() - started, {}
    for _bad, found in runs:
        for status, count in found.items():
            statuses[status] = statuses.get(status, 0) + count
    print(f"{sum(statuses.values())} requests in {seconds:.1f} s: {dict(sorted(statuses.items()))}")
    found = tracebacks(stack.log("web")[log_before:])
    assert not found, "\n\n".join(found)
    assert not any(bad for bad, _statuses in runs), told(zip(seeds, runs, strict=True))
    assert (
        min(statuses.get(200, 0), statuses.get(400, 0), statuses.get(403, 0)) > COUNT / 20
    )  # they were heard, not only turned away
    assert COUNT > 10_000 or seconds < 60
    theirs = classmate.client("s3")
    assert (
        body_of(theirs, victim, "secret") == b"of the victim" and theirs.list_objects_v2(Bucket=victim)["KeyCount"] == 1
    )
    after(stack, s3, places[0]["bucket"])


def after(stack, s3, bucket):
    """The server is well, and every file has its row and its row a file."""
    s3.put_object(Bucket=bucket, Key="after", Body=b"well" * 5000)
    assert body_of(s3, bucket, "after") == b"well" * 5000

    def same():
        files = {f"{path.parent.name}/{path.name}" for path in (stack.data_dir / "blobs").glob("*/*")}
        return files == set(Blob.objects.values_list("name", flat=True))

    journey.until(same)
    assert not list((stack.data_dir / "tmp").glob("put-*"))
    for row in Object.objects.filter(bucket__name=bucket).exclude(blobs=[]):
        assert not any("/" in name.partition("/")[2] or ".." in name for name in row.blob_names)

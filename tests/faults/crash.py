"""Kill the web processes of a playground again and again under load, and see whether it kept its word.

    python -m tests.faults.crash --kills 200

Writers put, overwrite, copy, delete and upload in parts, each on keys of its own, and note what was acknowledged. A key
whose request failed is left alone from then on: it may hold the old or the new. Afterwards every acknowledged object
must be whole, none torn, every acknowledged part there to be completed, and after a sweep every file must have a row.
"""

import argparse
import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import asdict, dataclass, field

from botocore.exceptions import BotoCoreError, ClientError

from benchmarks import stage
from tests.test_recovery import client, processes

MIB = 2**20
WRITERS = 6
SIZES = (0, 10, 4000, 5000, 60_000, 700_000)
# Run inside the playground's own settings, when nothing writes any more.
INSPECT = """
import json, django
django.setup()
from collections import Counter
from pathlib import Path
from django.conf import settings
from django.db.models import Sum
from apps.billing.models import StorageLevel
from apps.buckets import store
from apps.buckets.models import Blob, Bucket, Object, Part
folder, tmp = Path(settings.DATA_DIR, "blobs"), Path(settings.DATA_DIR, "tmp")
files = lambda: {f"{p.parent.name}/{p.name}": p.stat().st_size for p in folder.glob("*/*")}
before, swept = len(files()), store.sweep(0)
after, rows = files(), dict(Blob.objects.values_list("name", "size_bytes"))
named = Counter(b[0] for m in (Object, Part) for blobs in m.objects.values_list("blobs", flat=True) for b in blobs if b[0])
levels = []
for bucket in Bucket.objects.all():
    held = sum(q.aggregate(n=Sum("size_bytes"))["n"] or 0
               for q in (Object.objects.filter(bucket=bucket), Part.objects.filter(upload__bucket=bucket)))
    level = StorageLevel.objects.filter(resource=bucket.arn).order_by("-month").first()
    levels.append((bucket.name, held, level.level_bytes if level else 0))
print(json.dumps({
    "swept": swept, "files": len(after), "files_without_row": sorted(set(after) - set(rows)),
    "rows_without_file": sorted(set(rows) - set(after)), "torn": sorted(n for n in rows if after.get(n, rows[n]) != rows[n]),
    "unnamed": sorted(set(rows) - set(named)), "shared": sorted(n for n, count in named.items() if count > 1 or n not in rows),
    "temporary": [p.name for p in tmp.glob("put-*")], "levels": [one for one in levels if one[1] != one[2]]}))
"""


@dataclass
class Report:
    """How a run went. problems: what must not be, in words."""

    kills: int = 0
    seconds: float = 0
    acknowledged: int = 0
    failed: int = 0
    objects_checked: int = 0
    versions_checked: int = 0
    uploads_finished_after: int = 0
    in_doubt_old: int = 0
    in_doubt_new: int = 0
    orphans_swept: int = 0
    files: int = 0
    kinds: dict = field(default_factory=dict)
    problems: list = field(default_factory=list)


def digest(body):
    return hashlib.sha256(body).hexdigest()


class Writer(threading.Thread):
    """One client with keys of its own.

    state: key -> the digests it may have, None for "not there". versions: (key, id) -> digest, of what must stay.
    uploads: [(where, {number: (etag, body)})] begun and not completed.
    """

    def __init__(self, playground, bucket, number, seed, stop):
        super().__init__()
        self.s3, self.bucket, self.stop = client(playground, "s3"), bucket, stop
        self.random, self.number = random.Random(f"{seed}-{number}"), number
        self.state, self.versions, self.uploads, self.retired = {}, {}, [], set()
        self.turn, self.kinds, self.failed, self.versioned = 0, {}, 0, number % 2 == 1

    def run(self):
        acts = [self.put, self.put, self.put, self.overwrite, self.overwrite, self.copy, self.delete, self.upload]
        while not self.stop.is_set():
            act = self.random.choice(acts)
            try:
                done = act()
            except (ClientError, BotoCoreError, KeyError):  # KeyError: a 200 that was cut off before its body
                self.failed += 1
                time.sleep(0.2)
            else:
                if done:
                    self.kinds[act.__name__] = self.kinds.get(act.__name__, 0) + 1

    def _body(self, size=None):
        self.turn += 1
        size = self.random.choice(SIZES) if size is None else size
        return (f"{self.number}/{self.turn} ".encode() * (size // 3 + 1))[:size]

    def _change(self, key, new, request):
        """Send a request that changes a key. new: the digest it will have, or None."""
        before = self.state.get(key, {None})
        self.state[key] = {*before, new}
        self.retired.add(key)
        answer = request()
        if self.versioned and new is not None:
            self.versions[key, answer["VersionId"]] = new
        self.retired.discard(key)
        self.state[key] = {new}
        return True

    def _mine(self):
        """Return a key whose state is known and that is there, or None."""
        found = [key for key, held in self.state.items() if key not in self.retired and None not in held]
        return self.random.choice(found) if found else None

    def put(self, key=None):
        body, key = self._body(), key or f"{self.number}/{self.turn}"
        send = {"Bucket": self.bucket, "Key": key, "Body": body}
        return self._change(key, digest(body), lambda: self.s3.put_object(**send))

    def overwrite(self):
        key = self._mine()
        return key is not None and self.put(key)

    def copy(self):
        source = self._mine()
        if source is None:
            return False
        self.turn += 1
        key, where = f"{self.number}/copy-{self.turn}", {"Bucket": self.bucket, "Key": source}
        (held,) = self.state[source]
        return self._change(key, held, lambda: self.s3.copy_object(Bucket=self.bucket, Key=key, CopySource=where))

    def delete(self):
        key = self._mine()
        return key is not None and self._change(key, None, lambda: self.s3.delete_object(Bucket=self.bucket, Key=key))

    def upload(self):
        self.turn += 1
        where = {"Bucket": self.bucket, "Key": f"{self.number}/parts-{self.turn}"}
        where["UploadId"] = self.s3.create_multipart_upload(**where)["UploadId"]
        parts = {}
        self.uploads.append((where, parts))
        for part, size in enumerate(self.random.choice(([3000], [90_000], [5 * MIB, 2000])), 1):
            body = self._body(size)
            parts[part] = (self.s3.upload_part(**where, PartNumber=part, Body=body)["ETag"], body)
        whole = digest(b"".join(body for _etag, body in parts.values()))
        listed = {"Parts": [{"PartNumber": n, "ETag": etag} for n, (etag, _body) in parts.items()]}
        self.uploads.pop()
        return self._change(
            where["Key"], whole, lambda: self.s3.complete_multipart_upload(**where, MultipartUpload=listed)
        )


# -- killing ------------------------------------------------------------------------------------------


def kill_some(playground, chance):
    """Kill web processes: one worker, all of them, or the one that made them too. Returns how many died."""
    web = processes(playground, "gunicorn")
    if len(web) < 2:
        return 0
    chosen = chance.choice([web[1:2], web[2:], web[1:], web[1:], web])
    killed = 0
    for pid in chosen:
        try:
            os.kill(pid, signal.SIGKILL)
            killed += 1
        except ProcessLookupError:
            continue
    return killed


def kill_again_and_again(playground, kills, seed):
    """Kill so often, at moments of chance, each time when somebody answers again."""
    chance = random.Random(seed)
    done = 0
    while done < kills:
        time.sleep(chance.uniform(0.05, 1.0))
        stage.wait_for(playground.aws_url + "/healthz")
        done += bool(kill_some(playground, chance))
    stage.wait_for(playground.aws_url + "/healthz")


# -- looking ------------------------------------------------------------------------------------------


def read(s3, **where):
    """Return the digest of an object, None when there is none."""
    try:
        return digest(s3.get_object(**where)["Body"].read())
    except ClientError as error:
        if error.response["Error"]["Code"] in ("NoSuchKey", "NoSuchVersion"):
            return None
        raise


def check_writer(s3, writer, report):
    """Compare what a writer was told with what there is."""
    for key, allowed in writer.state.items():
        found = read(s3, Bucket=writer.bucket, Key=key)
        report.objects_checked += 1
        if found not in allowed:
            report.problems.append(f"{writer.bucket}/{key}: {found} is none of {allowed}")
    for (key, version), wanted in writer.versions.items():
        report.versions_checked += 1
        if read(s3, Bucket=writer.bucket, Key=key, VersionId=version) != wanted:
            report.problems.append(f"{writer.bucket}/{key}: version {version} is not what was acknowledged")
    for where, parts in writer.uploads:
        if parts:
            finish(s3, where, parts, report)


def finish(s3, where, parts, report):
    """Complete an upload that a kill interrupted: its acknowledged parts are there."""
    listed = {one["PartNumber"]: one["ETag"] for one in s3.list_parts(**where).get("Parts", [])}
    for number, (etag, _body) in parts.items():
        if listed.get(number) != etag:
            report.problems.append(f"{where['Key']}: part {number} is {listed.get(number)}, not {etag}")
            return
    asked = {"Parts": [{"PartNumber": n, "ETag": etag} for n, (etag, _body) in parts.items()]}
    s3.complete_multipart_upload(**where, MultipartUpload=asked)
    whole = digest(b"".join(body for _etag, body in parts.values()))
    if read(s3, Bucket=where["Bucket"], Key=where["Key"]) != whole:
        report.problems.append(f"{where['Key']}: the parts do not make the object")
    report.uploads_finished_after += 1


def doubtful(s3, writers, report):
    """Count how the requests without an answer ended."""
    for writer in writers:
        for key in writer.retired:
            found = read(s3, Bucket=writer.bucket, Key=key)
            listed = s3.list_objects_v2(Bucket=writer.bucket, Prefix=key, MaxKeys=1).get("Contents", [])
            if (found is not None) != (bool(listed) and listed[0]["Key"] == key):
                report.problems.append(f"{writer.bucket}/{key}: listed and read do not agree")
            report.in_doubt_new += found is not None
            report.in_doubt_old += found is None


def inspect(playground, report):
    """Compare rows, files and levels behind the wire."""
    told = subprocess.run(
        [sys.executable, "-c", INSPECT],
        cwd=stage.ROOT,
        env={**os.environ, **playground.env, "DJANGO_SETTINGS_MODULE": "playground.settings"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    if told.returncode:
        report.problems.append(told.stderr[-2000:])
        return
    found = json.loads(told.stdout.splitlines()[-1])
    report.orphans_swept, report.files = found.pop("swept"), found.pop("files")
    report.problems += [f"{what}: {which[:5]}" for what, which in found.items() if which]


def run(kills, data_dir, seed=1):
    """Return the Report of a run."""
    report, started = Report(kills=kills), time.monotonic()
    playground = stage.Playground(data_dir, PLAYGROUND_ADMIN_PASSWORD="crash")
    try:
        s3 = client(playground, "s3")
        for name in ("plain", "versioned"):
            s3.create_bucket(Bucket=f"crash-{name}")
        s3.put_bucket_versioning(Bucket="crash-versioned", VersioningConfiguration={"Status": "Enabled"})
        stop = threading.Event()
        names = ["crash-plain", "crash-versioned"]
        writers = [Writer(playground, names[n % 2], n, seed, stop) for n in range(WRITERS)]
        for writer in writers:
            writer.start()
        try:
            kill_again_and_again(playground, kills, seed)
        finally:
            stop.set()
            for writer in writers:
                writer.join()
        report.failed = sum(writer.failed for writer in writers)
        for writer in writers:
            for kind, count in writer.kinds.items():
                report.kinds[kind] = report.kinds.get(kind, 0) + count
            check_writer(s3, writer, report)
        report.acknowledged = sum(report.kinds.values())
        doubtful(s3, writers, report)
        inspect(playground, report)
    finally:
        playground.stop()
    report.seconds = round(time.monotonic() - started, 1)
    return report


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="playground-crash-", ignore_cleanup_errors=True) as folder:
        report = run(asked.kills, folder, asked.seed)
    print(json.dumps(asdict(report), indent=1))
    sys.exit(bool(report.problems))


if __name__ == "__main__":
    main()

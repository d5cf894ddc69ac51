"""`make bench`: how fast and how big, side by side in one run, as ratios to the bare server beneath.

Rows: S3 small and large bodies, a warm and a cold invoke, an edge hit, start and idle memory.
"bare" is the same server with an application that does nothing (S3, edge), or the handler's work in
a process of its own (invoke), so a ratio is the price of our own code. Rounds are interleaved and the
table shows medians. Loopback only, about two minutes. Needs wrk and curl (Debian: apt-get install wrk curl).
"""

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import boto3
from botocore.config import Config

from benchmarks import stage
from tests import journey

ROUNDS, SECONDS, BIG = 3, 2, 64 * 2**20
HANDLER = "def handler(event, context):\n    return event\n"
LUA = "wrk.method = 'PUT'\nwrk.body = string.rep('x', 1024)\n"


def wrk(url, connections, script=None, host=None):
    """Return requests a second."""
    command = ["wrk", "-t1", f"-c{connections}", f"-d{SECONDS}s"]
    command += ["-s", script] if script else []
    command += ["-H", f"Host: {host}"] if host else []
    out = subprocess.run([*command, url], capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in out:
        raise SystemExit(f"{url} did not answer 2xx:\n{out}")
    return float(out.split("Requests/sec:")[1].split()[0])


def curl(url, upload=None):
    """Return MiB a second of one 64 MiB transfer."""
    command = ["curl", "-fsS", "-o", "/dev/null", "-w", "%{time_total}"]
    command += ["-H", "Expect:", "-T", upload] if upload else []
    return 64 / float(subprocess.run([*command, url], capture_output=True, text=True, check=True).stdout)


class Lab:
    """A fresh account with something of everything."""

    def __init__(self, playground):
        made = subprocess.run(
            [sys.executable, "manage.py", "account", "create", "--name", "bench"],
            cwd=stage.ROOT,
            env={**os.environ, **playground.env},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        self.facts = json.loads(made)
        self.account_id, self.playground = self.facts["account_id"], playground
        self.s3 = self.client("s3")
        self.bucket = f"bench-{self.account_id}"
        self.s3.create_bucket(Bucket=self.bucket)
        self.s3.put_object(Bucket=self.bucket, Key="small", Body=b"x" * 1024, CacheControl="max-age=86400")
        self.functions = self.client("lambda")
        self.cold_count = 0

    def client(self, service):
        return boto3.client(
            service,
            endpoint_url=self.playground.aws_url,
            region_name="us-east-1",
            aws_access_key_id=self.facts["access_key_id"],
            aws_secret_access_key=self.facts["secret_access_key"],
            config=Config(s3={"addressing_style": "path"}, retries={"max_attempts": 0}),
        )

    def signed(self, operation, key):
        return self.s3.generate_presigned_url(operation, Params={"Bucket": self.bucket, "Key": key}, ExpiresIn=3600)

    def function(self, name):
        self.functions.create_function(
            FunctionName=name,
            Runtime=f"python{sys.version_info[0]}.{sys.version_info[1]}",
            Handler="app.handler",
            Role=f"arn:aws:iam::{self.account_id}:role/lambda-role",
            Code={"ZipFile": journey.zipped(HANDLER)},
        )
        self.functions.get_waiter("function_active_v2").wait(FunctionName=name)

    def invoke_ms(self, name):
        started = time.perf_counter()
        answer = self.functions.invoke(FunctionName=name, Payload=b"{}")
        answer["Payload"].read()
        if "FunctionError" in answer:
            raise SystemExit("the handler failed")
        return (time.perf_counter() - started) * 1000

    def cold_ms(self):
        self.cold_count += 1
        name = f"cold-{self.cold_count}"
        self.function(name)
        return self.invoke_ms(name)


def process_ms():
    """Return the time of one bare Python process, ms: the least that a cold start can cost."""
    started = time.perf_counter()
    subprocess.run([sys.executable, "-I", "-S", "-c", "pass"], check=True)
    return (time.perf_counter() - started) * 1000


def measure(rows):
    """Run every row's measures round by round; return {label: [median, ...]}."""
    table = {}
    for label, better, ours, bare in rows:
        samples = ([], [])
        for turn in range(ROUNDS):
            for index in (0, 1) if turn % 2 == 0 else (1, 0):
                run = (ours, bare)[index]
                if run:
                    samples[index].append(run())
        table[label] = (better, *(statistics.median(s) if s else None for s in samples))
    return table


def show(table):
    print("| what | playground | bare | ratio |\n|---|---:|---:|---:|")
    for label, (_better, ours, bare) in table.items():
        cells = [f"{ours:,.1f}", f"{bare:,.1f}" if bare else "-", f"{ours / bare:.2f}" if bare else "-"]
        print(f"| {label} | " + " | ".join(cells) + " |")


def main():
    for tool in ("wrk", "curl"):
        if not shutil.which(tool):
            raise SystemExit(f"{tool} is not installed (Debian: sudo apt-get install -y {tool})")
    data_dir = tempfile.mkdtemp(prefix="playground-bench-")
    stage.Playground(data_dir).stop()  # the first start makes the database; the second is a warm one
    playground, wsgi, asgi = stage.Playground(data_dir), stage.bare_wsgi(), stage.bare_asgi()
    time.sleep(5)
    idle = stage.memory_mib(playground.process.pid)
    lab = Lab(playground)
    domain = journey.distribution_over(lab, lab.bucket)["DomainName"]
    lab.function("warm")
    lab.invoke_ms("warm")
    with tempfile.TemporaryDirectory() as folder:
        big, lua = Path(folder, "big"), Path(folder, "put.lua")
        big.write_bytes(os.urandom(BIG))
        lua.write_text(LUA)
        lab.s3.upload_file(str(big), lab.bucket, "big")
        get, put = lab.signed("get_object", "small"), lab.signed("put_object", "put")
        rows = [
            (
                f"S3 GET 1 KiB, {c} connections, r/s",
                "more",
                lambda c=c: wrk(get, c),
                lambda c=c: wrk(wsgi.url + "/small", c),
            )
            for c in (1, 16)
        ]
        rows += [
            (
                "S3 PUT 1 KiB, 16 connections, r/s",
                "more",
                lambda: wrk(put, 16, str(lua)),
                lambda: wrk(wsgi.url + "/put", 16, str(lua)),
            ),
            (
                "S3 GET 64 MiB, MiB/s",
                "more",
                lambda: curl(lab.signed("get_object", "big")),
                lambda: curl(wsgi.url + "/big"),
            ),
            (
                "S3 PUT 64 MiB, MiB/s",
                "more",
                lambda: curl(lab.signed("put_object", "up"), str(big)),
                lambda: curl(wsgi.url + "/put", str(big)),
            ),
            ("warm invoke, ms", "less", lambda: statistics.median(lab.invoke_ms("warm") for _ in range(20)), None),
            ("cold invoke, ms (bare: one Python process)", "less", lab.cold_ms, process_ms),
            (
                "edge hit 1 KiB, 32 connections, r/s",
                "more",
                lambda: wrk(playground.edge_url + "/small", 32, host=domain),
                lambda: wrk(asgi.url + "/small", 32),
            ),
        ]
        table = measure(rows)
    for server in (playground, wsgi, asgi):
        server.stop()
    show(table)
    print(
        f"\nwarm start to healthy: {playground.seconds_to_healthy:.1f} s; idle memory: {idle[0]:.0f} MiB resident, {idle[1]:.0f} MiB proportional"
    )


if __name__ == "__main__":
    main()

"""`python -m benchmarks.s3`: object storage beside its peers in one run, as ratios to moto.

Peers: moto and MiniStack (both in memory, no signatures checked), SeaweedFS, and nginx serving the same file
as the limit of a GET. Their wheels (benchmarks/peers.txt) go into a folder of their own. Rounds are
interleaved and the table shows medians. Loopback only, about four minutes. Needs wrk, curl and nginx
(Debian: apt-get install wrk curl nginx-light).
"""

import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import boto3
from botocore.config import Config

from benchmarks import stage

ROUNDS, SECONDS, CLIENTS, LISTED, MIB = 3, 2, 16, 1000, 2**20
LUA = """
local paths, i = {}, 0
function init(args)
  for line in io.lines(args[1]) do paths[#paths + 1] = line end
  wrk.method = args[2]
  if args[2] == 'PUT' then wrk.body = string.rep('x', 1024) end
end
function request() i = i % #paths + 1 return wrk.format(nil, paths[i]) end
"""
DURABILITY = {
    "playground": "kill and power cut (one sync a commit; PLAYGROUND_FSYNC=0: kill only)",
    "moto": "none: memory",
    "ministack": "none: memory",
    "seaweedfs": "kill (no sync before it answers)",
    "nginx": "-",
}


class Peer:
    """An endpoint to measure: its name, URL and keys."""

    def __init__(self, name, url, folder, keys=("bench", "bench"), signed=True):
        self.name, self.url, self.folder, self.signed = name, url, folder, signed
        self.s3 = boto3.client(
            "s3",
            endpoint_url=url,
            region_name="us-east-1",
            aws_access_key_id=keys[0],
            aws_secret_access_key=keys[1],
            config=Config(signature_version="s3v4", s3={"addressing_style": "path"}),
        )

    def fill(self, big):
        """Store what the rows read."""
        for bucket in ("bench", "bench-listed"):
            self.s3.create_bucket(Bucket=bucket)
        self.s3.put_object(Bucket="bench", Key="small", Body=b"x" * 1024)
        self.s3.upload_file(big, "bench", "big")
        for number in range(LISTED):
            self.s3.put_object(Bucket="bench-listed", Key=f"key-{number:05}", Body=b"x")

    def url_of(self, operation, **params):
        url = self.s3.generate_presigned_url(operation, Params=params, ExpiresIn=3600)
        return url if self.signed else url.partition("?")[0] + ("?list-type=2" if operation.startswith("list") else "")

    def wrk(self, method, urls):
        """Return requests a second of that many clients."""
        paths = self.folder / f"{self.name}.paths"
        paths.write_text("".join(url.removeprefix(self.url) + "\n" for url in urls))
        command = ["wrk", "-t1", f"-c{CLIENTS}", f"-d{SECONDS}s", "-s", self.folder / "wrk.lua", self.url, "--"]
        out = subprocess.run([*command, paths, method], capture_output=True, text=True, check=True).stdout
        if "Non-2xx" in out:
            raise SystemExit(f"{self.name}: {method} did not answer 2xx")
        return float(out.split("Requests/sec:")[1].split()[0])

    def curl(self, url, upload=None):
        """Return MiB a second of one 64 MiB transfer."""
        command = ["curl", "-fsS", "-o", "/dev/null", "-w", "%{time_total}"]
        command += ["-H", "Expect:", "-T", upload] if upload else []
        return 64 / float(subprocess.run([*command, url], capture_output=True, text=True, check=True).stdout)


def rows(big):
    """Return [(label, may nginx take part, measure of a peer)]."""
    put = [f"put-{n}" for n in range(256)]
    return [
        ("PUT 1 KiB, r/s", False, lambda p: p.wrk("PUT", [p.url_of("put_object", Bucket="bench", Key=k) for k in put])),
        ("GET 1 KiB, r/s", True, lambda p: p.wrk("GET", [p.url_of("get_object", Bucket="bench", Key="small")])),
        ("HEAD 1 KiB, r/s", True, lambda p: p.wrk("HEAD", [p.url_of("head_object", Bucket="bench", Key="small")])),
        ("LIST 1,000 keys, r/s", False, lambda p: p.wrk("GET", [p.url_of("list_objects_v2", Bucket="bench-listed")])),
        ("GET 64 MiB, MiB/s", True, lambda p: p.curl(p.url_of("get_object", Bucket="bench", Key="big"))),
        ("PUT 64 MiB, MiB/s", False, lambda p: p.curl(p.url_of("put_object", Bucket="bench", Key="up"), big)),
    ]


def peers_bin(folder):
    """Return the folder of the peers' programs, installed on the first run."""
    place = Path(os.environ.get("BENCH_PEERS", folder / "peers"))
    if not (place / "bin").exists():
        subprocess.run([sys.executable, "-m", "venv", place], check=True)
        wheels = Path(__file__).with_name("peers.txt")
        subprocess.run([place / "bin/pip", "install", "-q", "-r", wheels], check=True)
    return place / "bin"


def free_ports(count):
    """Return free ports whose neighbours 10,000 above are free too (SeaweedFS speaks gRPC there).

    They lie below the range from which the system gives ports to connections, so nobody takes one meanwhile.
    """

    def free(port):
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) != 0

    return [port for port in range(15_000, 20_000) if free(port) and free(port + 10_000)][:count]


def start_all(folder):
    """Start every server. Returns ([Server], [Peer])."""
    found, ports = peers_bin(folder), free_ports(7)
    weeds = ports[3:]
    playground = stage.Playground(data_dir=str(folder / "playground"))
    made = subprocess.run(
        [sys.executable, "manage.py", "account", "create", "--name", "bench"],
        cwd=stage.ROOT, env={**os.environ, **playground.env}, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    keys = json.loads(made)
    urls = [f"http://127.0.0.1:{port}" for port in ports]
    weed = f"{found}/weed server -dir={folder} -s3 -ip=127.0.0.1 -s3.port={weeds[0]} -master.port={weeds[1]}"
    weed += f" -volume.port={weeds[2]} -filer.port={weeds[3]} -master.volumeSizeLimitMB=256"
    seaweed = f"http://127.0.0.1:{weeds[0]}"
    servers = [
        playground,
        stage.Server([f"{found}/moto_server", "-p", str(ports[0])], [urls[0]]),
        stage.Server([f"{found}/ministack"], [urls[1]], {"GATEWAY_PORT": str(ports[1]), "MQTT_PORT": "0"}),
        stage.Server(weed.split(), [seaweed]),
        nginx(folder, ports[2]),
    ]
    own = (keys["access_key_id"], keys["secret_access_key"])
    peers = [
        Peer("moto", urls[0], folder),
        Peer("playground", playground.aws_url, folder, own),
        Peer("ministack", urls[1], folder, signed=False),
        Peer("seaweedfs", seaweed, folder, signed=False),
        Peer("nginx", urls[2], folder, signed=False),
    ]
    return servers, peers


def nginx(folder, port):
    """Start nginx over the same two files."""
    site = folder / "site/bench"
    site.mkdir(parents=True)
    (site / "small").write_bytes(b"x" * 1024)
    shutil.copy(folder / "big", site / "big")
    conf = folder / "nginx.conf"
    conf.write_text(
        f"worker_processes 2; pid {folder}/nginx.pid; error_log {folder}/nginx.log; daemon off; user root;\n"
        "events {} http { access_log off; sendfile on; tcp_nodelay on; keepalive_requests 1000000;\n"
        f"server {{ listen 127.0.0.1:{port}; root {folder}/site; location / {{ }} }} }}\n"
    )
    return stage.Server(["nginx", "-c", str(conf)], [f"http://127.0.0.1:{port}/bench/small"])


def table(peers, measures):
    """Print the medians and their ratios to the first peer."""
    samples = {}
    for turn in range(ROUNDS):
        for label, files_too, measure in measures:
            for peer in peers[turn % len(peers) :] + peers[: turn % len(peers)]:
                if peer.name != "nginx" or files_too:
                    samples.setdefault(label, {}).setdefault(peer.name, []).append(measure(peer))
    print("| what | " + " | ".join(peer.name for peer in peers) + " |")
    print("|---|" + "---:|" * len(peers))
    for label, found in samples.items():
        middle = {name: statistics.median(values) for name, values in found.items()}
        cells = [
            f"{middle[peer.name]:,.0f} ({middle[peer.name] / middle[peers[0].name]:.2f})"
            if peer.name in middle
            else "-"
            for peer in peers
        ]
        print(f"| {label} | " + " | ".join(cells) + " |")
    print("| survives | " + " | ".join(DURABILITY[peer.name] for peer in peers) + " |")


def main():
    missing = [name for name in ("wrk", "curl", "nginx") if not shutil.which(name)]
    if missing:
        raise SystemExit(f"missing: {', '.join(missing)}. Debian, Ubuntu: sudo apt-get install -y wrk curl nginx-light")
    folder = Path(tempfile.mkdtemp(prefix="playground-bench-s3-"))
    (folder / "wrk.lua").write_text(LUA)
    (folder / "big").write_bytes(os.urandom(64 * MIB))
    servers, peers = start_all(folder)
    try:
        time.sleep(3)  # SeaweedFS answers before its volumes are ready
        for peer in peers[:-1]:
            peer.fill(folder / "big")
        table(peers, rows(str(folder / "big")))
    finally:
        for server in servers:
            server.stop()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()

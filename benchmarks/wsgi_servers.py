"""Choose the WSGI server: small requests, 64 MiB bodies both ways, memory. `python -m benchmarks.wsgi_servers`.

Every server runs the same application with two processes of 16 threads (or what it calls that)
and is measured interleaved, round by round; the table shows medians and ratios to the first.
Needs wrk and curl (Debian: apt-get install wrk curl) and `pip install -r benchmarks/requirements.txt`.
"""

import os
import shutil
import signal
import socket
import statistics
import subprocess
import tempfile
import time

from benchmarks import stage

APP = "benchmarks.wsgi_app:application"
SERVERS = {
    "gunicorn gthread": "{bin}/gunicorn --preload --workers 2 --worker-class gthread --threads 16 --keep-alive 75 "
    "--no-control-socket --log-level error --bind 127.0.0.1:{port} {app}",
    "granian": "{bin}/granian --interface wsgi --workers 2 --blocking-threads 16 --no-access-log --log-level error "
    "--host 127.0.0.1 --port {port} {app}",
    "waitress": "{bin}/waitress-serve --threads=32 --listen=127.0.0.1:{port} {app}",
    "cheroot": "{bin}/cheroot --bind 127.0.0.1:{port} --threads 32 {app}",
}
ROUNDS, SECONDS = 3, 2


def wrk(port, connections):
    out = subprocess.run(
        ["wrk", "-t1", f"-c{connections}", f"-d{SECONDS}s", f"http://127.0.0.1:{port}/small"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return float(out.split("Requests/sec:")[1].split()[0])


def curl(port, upload):
    """Return MiB/s of one 64 MiB transfer."""
    command = ["curl", "-sS", "-o", "/dev/null", "-w", "%{time_total}"]
    command += (
        ["-H", "Expect:", "-T", upload, f"http://127.0.0.1:{port}/put"] if upload else [f"http://127.0.0.1:{port}/big"]
    )
    seconds = float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    return 64 / seconds


def start(name):
    port = stage.free_port()
    command = SERVERS[name].format(bin=stage.BIN, port=port, app=APP).split()
    process = subprocess.Popen(command, cwd=stage.ROOT, env={**os.environ, "PYTHONPATH": str(stage.ROOT)})
    for _ in range(100):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return process, port
        time.sleep(0.1)
    raise SystemExit(f"{name} did not start")


def main():
    for tool in ("wrk", "curl"):
        if not shutil.which(tool):
            raise SystemExit(f"{tool} is not installed (Debian: sudo apt-get install -y {tool})")
    running = {name: start(name) for name in SERVERS}
    samples = {}
    with tempfile.NamedTemporaryFile() as upload:
        upload.write(os.urandom(64 * 2**20))
        upload.flush()
        measures = {
            "GET 1 KiB, 1 connection, r/s": lambda port: wrk(port, 1),
            "GET 1 KiB, 16 connections, r/s": lambda port: wrk(port, 16),
            "GET 64 MiB, MiB/s": lambda port: curl(port, None),
            "PUT 64 MiB, MiB/s": lambda port: curl(port, upload.name),
        }
        for label, measure in measures.items():
            for turn in range(ROUNDS):
                names = list(SERVERS)
                for name in names[turn % len(names) :] + names[: turn % len(names)]:
                    samples.setdefault((label, name), []).append(measure(running[name][1]))
    memory = {name: stage.memory_mib(process.pid)[1] for name, (process, _port) in running.items()}
    for process, _port in running.values():
        process.send_signal(signal.SIGTERM)
        process.wait(10)
    first = next(iter(SERVERS))
    print(f"| what | {' | '.join(SERVERS)} |\n|---|{'---:|' * len(SERVERS)}")
    for label in measures:
        mid = {name: statistics.median(samples[label, name]) for name in SERVERS}
        print(f"| {label} | " + " | ".join(f"{mid[n]:,.0f} ({mid[n] / mid[first]:.2f})" for n in SERVERS) + " |")
    print("| memory, MiB (PSS) | " + " | ".join(f"{memory[n]:.0f}" for n in SERVERS) + " |")


if __name__ == "__main__":
    main()

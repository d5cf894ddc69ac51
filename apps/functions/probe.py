"""The handler that every runtime must run before it is offered: it tries the walls from inside.

It answers a list of sentences, one for each wall that does not stand; an empty list is a pass. No
packet leaves: that there is no way out is shown by connecting a UDP socket, which only asks for a route.
"""

SOURCE = """
import ctypes
import os
import socket

import boto3
import PIL.Image


def status():
    with open("/proc/self/status") as lines:
        return dict(line.rstrip("\\n").split(":\\t", 1) for line in lines if ":\\t" in line)


def refused(action, *arguments):
    try:
        action(*arguments)
    except OSError:
        return True
    return False


def connect(kind, address):
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.settimeout(1)
        probe.connect(address)


def handler(event, context):
    found = status()
    ports = [int(port) for port in os.environ["PROBE_PORTS"].split(",")]
    walls = {
        "it runs as root": os.getuid() != 0 and os.geteuid() != 0,
        "it has capabilities": int(found["CapEff"], 16) == 0 and int(found["CapPrm"], 16) == 0,
        "it may gain privileges": found["NoNewPrivs"].strip() == "1",
        "no seccomp filter holds it": found["Seccomp"].strip() == "2",
        "it may write its code": refused(open, "/var/task/x", "w"),
        "it may write the root folder": refused(open, "/x", "w"),
        "it cannot write /tmp": not refused(open, "/tmp/x", "w"),
        "it sees the playground's secrets": refused(open, os.environ["PROBE_SECRET"]),
        "it has a route off the machine": refused(connect, socket.SOCK_DGRAM, ("192.0.2.1", 9)),
        "it reaches other ports of the machine": all(refused(connect, socket.SOCK_STREAM, ("127.0.0.1", p)) for p in ports),
        "it sees other processes": len([p for p in os.listdir("/proc") if p.isdigit()]) < 5,
        "it may make name spaces": ctypes.CDLL(None).unshare(0x10000000) == -1,
    }
    return [told for told, stands in walls.items() if not stands]
"""

"""The same act four ways: an operation's dict as AWS CLI, boto3 and raw HTTP (the form is the fourth)."""

import json
import pprint
import shlex

from botocore import xform_name
from botocore.serialize import create_serializer
from django.conf import settings

from playground.wire import model

CLI = {"s3": "s3api"}
SHOWN = 1200  # characters of a body


def _cli(service, operation, params, url):
    parts = [f"aws --endpoint-url {url} {CLI.get(service, service)} {xform_name(operation, '-')}"]
    for name, value in params.items():
        flag = "--" + xform_name(name, "-")
        if value is True:
            parts.append(flag)
        elif value is False:
            parts.append("--no-" + flag[2:])
        elif isinstance(value, bytes):
            parts.append(f"{flag} fileb://{_file(name)}")
        elif isinstance(value, dict | list):
            parts.append(f"{flag} {shlex.quote(json.dumps(value, default=_shown))}")
        else:
            parts.append(f"{flag} {shlex.quote(str(value))}")
    return " \\\n  ".join(parts)


def _file(name):
    return {"ZipFile": "code.zip", "Body": "file", "Payload": "event.json"}.get(name, name.lower())


def _shown(value):
    return f"<{len(value)} bytes>" if isinstance(value, bytes) else str(value)


def _boto3(service, operation, params, url):
    plain = json.loads(json.dumps(params, default=_shown))
    arguments = ",\n".join(
        f"    {name}={pprint.pformat(value, width=80, sort_dicts=False).replace(chr(10), chr(10) + '    ')}"
        for name, value in plain.items()
    )
    call = f"client.{xform_name(operation)}(\n{arguments},\n)" if arguments else f"client.{xform_name(operation)}()"
    return f'import boto3\n\nclient = boto3.client("{service}", endpoint_url="{url}")\n{call}'


def _http(service, operation, params, url):
    wire = model.load(service)
    kind = wire.operation(operation)
    made = create_serializer(wire.protocol, include_validation=False).serialize_to_request(params, kind)
    query = made.get("query_string") or {}
    pairs = query.items() if isinstance(query, dict) else query
    text = "&".join(f"{k}={v}" if v not in ("", None) else k for k, v in pairs)
    path = made["url_path"] + (("&" if "?" in made["url_path"] else "?") + text if text else "")
    lines = [f"{made['method']} {path} HTTP/1.1", f"Host: {url.partition('://')[2]}"]
    lines += [f"{name}: {value}" for name, value in made["headers"].items()]
    lines.append("Authorization: AWS4-HMAC-SHA256 Credential=..., SignedHeaders=..., Signature=...")
    body = made.get("body") or ""
    if isinstance(body, dict):
        body = "&".join(f"{k}={v}" for k, v in body.items())
    if isinstance(body, bytes | bytearray):
        body = bytes(body).decode("utf-8", "replace")
    return "\n".join(lines) + ("\n\n" + str(body)[:SHOWN] if body else "")


def of(service, operation, params):
    """Return [{"name", "text"}] for CLI, boto3 and HTTP. params: the operation's dict."""
    url = f"http://localhost:{settings.AWS_PORT}"
    return [
        {"name": "AWS CLI", "text": _cli(service, operation, params, url)},
        {"name": "boto3", "text": _boto3(service, operation, params, url)},
        {"name": "HTTP", "text": _http(service, operation, params, url)},
    ]

"""botocore's service models, turned into routes: from a request to the operation it means.

A *route* is one operation's method, path and the query keys and headers that tell it from its
neighbours: GET /{Bucket}/{Key+} is GetObject, with ?uploadId it is ListParts. The most specific
route that matches wins. Documentation strings are dropped at loading: they are most of a model.
"""

import copy
import re
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import unquote

from botocore.loaders import Loader
from botocore.model import OperationModel, ServiceModel

from playground.wire import overlay


@dataclass(slots=True, frozen=True)
class Route:
    """One operation's address. static: query keys with the value they need ("" for any)."""

    operation: OperationModel
    method: str
    pattern: re.Pattern
    static: tuple[tuple[str, str], ...]
    required: tuple[str, ...]
    headers: tuple[str, ...]

    def score(self, query, headers) -> int:
        """Return how specific the match is, or -1."""
        for name, value in self.static:
            if name not in query or (value and query[name][0] != value):
                return -1
        if any(name not in query for name in self.required) or any(name not in headers for name in self.headers):
            return -1
        return 2 * len(self.static) + len(self.required) + len(self.headers)


@dataclass(slots=True, frozen=True)
class Wire:
    """A service as the wire knows it: its model and its routes by method."""

    name: str
    model: ServiceModel
    protocol: str
    routes: dict[str, list[Route]]

    def operation(self, name: str) -> OperationModel:
        return self.model.operation_model(name)

    def match(self, method: str, raw_path: str, query, headers) -> tuple[OperationModel, dict[str, str]] | None:
        """Return the operation and its decoded path parameters, or None. The path is decoded once, here."""
        best, found = -1, None
        for route in self.routes.get(method, ()):
            hit = route.pattern.fullmatch(raw_path)
            if hit:
                score = route.score(query, headers)
                if score > best:
                    best, found = score, (route.operation, hit)
        if found is None:
            return None
        operation, hit = found
        return operation, {name: unquote(value) for name, value in hit.groupdict().items()}


def _without_documentation(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            key: _without_documentation(item)
            for key, item in value.items()
            if not (key == "documentation" and isinstance(item, str))
        }
    if isinstance(value, list):
        return [_without_documentation(item) for item in value]
    return value


def _pattern(path: str, lenient_slash: bool) -> re.Pattern:
    parts = []
    for piece in re.split(r"(\{[^}]+\})", path.rstrip("/") if lenient_slash else path):
        if piece.startswith("{"):
            name = piece[1:-1]
            greedy = name.endswith("+")
            parts.append(f"(?P<{name.rstrip('+')}>{'.+' if greedy else '[^/]+'})")
        else:
            parts.append(re.escape(piece))
    return re.compile("".join(parts) + ("/?" if lenient_slash else ""), re.S)


def _route(service: str, operation: OperationModel) -> Route:
    path, _, query = operation.http["requestUri"].partition("?")
    static = tuple(
        tuple(pair.partition("=")[::2]) for pair in query.split("&") if pair and not pair.startswith("x-id=")
    )
    required, headers = [], []
    shape = operation.input_shape
    for name in shape.required_members if shape else ():
        member = shape.members[name]
        where = member.serialization.get("location")
        if where == "querystring":
            required.append(member.serialization["name"])
        elif where == "header" and member.serialization["name"].lower() in overlay.TELLING_HEADERS:
            headers.append(member.serialization["name"].lower())
    # A trailing slash means nothing in REST-JSON and CloudFront paths; in S3 it is part of a bucket's address only.
    lenient = service != "s3" or path == "/{Bucket}"
    return Route(operation, operation.http["method"], _pattern(path, lenient), static, tuple(required), tuple(headers))


def _named_for_query(raw: dict, names: dict[str, str]) -> dict:
    """Return a model whose members carry the names of the query protocol; the loader's own is not touched."""
    raw = copy.deepcopy(raw)
    for path, name in names.items():
        shape_name, _, part = path.partition(".")
        shape = raw["shapes"][shape_name]
        shape.get("members", shape)[part]["locationName"] = name
    raw["metadata"]["protocol"] = "query"
    return raw


@cache
def load(name: str, query: bool = False) -> Wire:
    """Return a service ("s3", "lambda", "cloudfront", "sts", "iam", "logs", "sqs", ...) ready to route.

    query: as the old query protocol spells it, for a service of overlay.QUERY_NAMES.
    """
    raw = _without_documentation(Loader().load_service_model(name, "service-2"))
    if query:
        raw = _named_for_query(raw, overlay.QUERY_NAMES[name])
    model = ServiceModel(raw, name)
    protocol = model.metadata["protocol"]
    routes: dict[str, list[Route]] = {}
    if protocol.startswith("rest"):
        for operation_name in model.operation_names:
            if operation_name not in overlay.RETIRED.get(name, ()):
                route = _route(name, model.operation_model(operation_name))
                routes.setdefault(route.method, []).append(route)
    return Wire(name, model, protocol, routes)

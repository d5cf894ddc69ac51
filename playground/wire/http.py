"""A request and a response as the wire sees them: no framework, nothing decoded.

Words: *raw path* and *query string* are as the client sent them (percent-encoded); a *Stream* is a body of
known length that comes in pieces, so that no object is ever whole in memory.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import unquote_plus


@dataclass(slots=True, frozen=True)
class Stream:
    """Some bytes that come in pieces: how many in all, and the pieces."""

    length: int
    pieces: Iterable[bytes]


@dataclass
class Request:
    """What arrived. headers: (name, value) pairs; body: an object with read(n)."""

    method: str
    raw_path: str
    query_string: str
    headers: list[tuple[str, str]]
    body: Any
    scheme: str = "http"
    host: str = ""
    remote: str = ""
    bucket: str = ""  # from a virtual-host name; it is part of the address, not of what was signed

    @property
    def address(self) -> str:
        """Return the path-style path: what routes are matched against."""
        return f"/{self.bucket}{self.raw_path}" if self.bucket else self.raw_path

    @cached_property
    def header_map(self) -> dict[str, str]:
        """Return headers by lower-case name; repeated ones are joined with a comma."""
        found: dict[str, str] = {}
        for name, value in self.headers:
            key = name.lower()
            found[key] = f"{found[key]},{value}" if key in found else value
        return found

    def header(self, name: str, default: str | None = None) -> str | None:
        return self.header_map.get(name.lower(), default)

    @cached_property
    def query(self) -> dict[str, list[str]]:
        """Return decoded query parameters; one without "=" has the value ""."""
        found: dict[str, list[str]] = {}
        for pair in self.query_string.split("&"):
            if pair:
                name, _, value = pair.partition("=")
                found.setdefault(unquote_plus(name), []).append(unquote_plus(value))
        return found

    def first(self, name: str, default: str | None = None) -> str | None:
        """Return a query parameter's first value."""
        values = self.query.get(name)
        return values[0] if values else default


@dataclass
class Response:
    """What goes out. body: bytes, a Stream or an iterable of bytes."""

    status: int
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes | Stream | Iterable[bytes] = b""

"""Who asks, for what, when: the context that every operation receives first."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(slots=True, frozen=True)
class Principal:
    """The one who signed.

    kind: "root", "user", "role", "federated", "service" or "anonymous". arn: as GetCallerIdentity gives it ("" when
    anonymous). user_id: its unique id. name: user, role or service name. source_arn: for a service, the resource on
    whose behalf it acts (a distribution, a bucket). key_id: the access key that signed, "" inside the house.
    temporary: the credentials came with a session token. parent: the unique id of the user who federated, "" when
    root did. tags: of the session; transitive: the keys of those it passes on. session_policies: documents and ARNs of
    managed policies that limit the session.
    """

    kind: str
    arn: str = ""
    user_id: str = ""
    name: str = ""
    source_arn: str = ""
    key_id: str = ""
    temporary: bool = False
    parent: str = ""
    tags: dict = field(default_factory=dict, compare=False)
    transitive: list = field(default_factory=list, compare=False)
    session_policies: list = field(default_factory=list, compare=False)


ANONYMOUS = Principal("anonymous")


@dataclass(slots=True)
class Trace:
    """The seed of "why": what was decided on the way of one request, in order."""

    steps: list = field(default_factory=list)

    def step(self, phase, outcome, because="", **detail):
        """Note one decision: phase ("signature", "policy", "store", ...), outcome (a word), because (a sentence)."""
        self.steps.append({"phase": phase, "outcome": outcome, "because": because, **detail})


@dataclass(slots=True)
class Context:
    """What an operation knows of its caller.

    account: identity.Account that signed, None when anonymous or a service. now: that lab's time.
    service, operation: wire names ("s3", "PutObject"). via: "aws", "console", "edge", "worker".
    host, scheme: what the client called. no_effect: names of accepted parameters that do nothing
    here; they are answered in x-playground-no-effect. auth: how a request was signed, {} when it was not:
    {"type": "REST-HEADER" | "REST-QUERY-STRING" | "POST", "version": "AWS4-HMAC-SHA256" | "AWS", "age_ms": int since
    the signature's time, "content_sha256": as declared, or None, "issued": datetime of a session's start, or None}.
    """

    account: Any
    principal: Principal
    region: str
    request_id: str
    now: datetime
    trace: Trace = field(default_factory=Trace)
    service: str = ""
    operation: str = ""
    via: str = "aws"
    source_ip: str = "127.0.0.1"
    host: str = ""
    scheme: str = "http"
    user_agent: str = ""
    referer: str = ""
    auth: dict = field(default_factory=dict)
    no_effect: list = field(default_factory=list)
    headers: dict = field(default_factory=dict)  # as sent, names in lower case; for what no model knows
    found: dict = field(default_factory=dict)  # rows that authorisation loaded, for the operation to use again

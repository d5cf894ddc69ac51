"""What an edge needs to know of a distribution, compiled once from its configuration.

Words: a *plan* is one distribution as the edges act on it; a *behavior* is the rule for the paths of
one pattern; an *origin* is where a behavior fetches. An origin is one of ours (a bucket, a website, a
function URL: reached at our own AWS port, under its own Host) or an outside one that
PLAYGROUND_ORIGIN_ALLOW names. Anything else is refused here, so that an edge is never a way into
the network it runs in. Next: directory.py keeps plans, edge.py follows them.
"""

import re
from dataclasses import dataclass, field
from typing import Any

from apps.cdn import freshness, geo, policies

ALL_METHODS = frozenset(("GET", "HEAD", "OPTIONS", "PUT", "POST", "PATCH", "DELETE"))
REGION = r"([a-z]{2}(?:-[a-z]+)+-\d)"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a behavior fetches. kind: "s3", "website", "function", "distribution", "custom" or "refused".

    connect: (address, port) to dial. host: the Host field. prefix: OriginPath. sign: whether an origin
    access control signs requests. refusal: why an edge will not go there.
    """

    id: str
    kind: str
    domain: str
    connect: tuple = ("", 0)
    host: str = ""
    prefix: str = ""
    bucket: str = ""
    region: str = ""
    sign: str = ""  # "", "always", "never", "no-override"
    custom_headers: tuple = ()
    connect_timeout_seconds: float = 10
    read_timeout_seconds: float = 30
    attempts: int = 3
    refusal: str = ""

    @property
    def place(self):
        return geo.region_place(self.region)

    @property
    def label(self):
        """Return where the origin is, for a sentence."""
        if self.kind == "custom":
            return self.domain
        return f"{self.region} ({self.place.name})"


@dataclass(frozen=True, slots=True)
class Behavior:
    """The rule for the paths of one pattern. scheme: what the visitor's connection counts as."""

    pattern: str
    matches: Any
    origin: Origin
    policy: policies.CachePolicy
    allowed_methods: frozenset
    cached_methods: frozenset
    compress: bool
    viewer_protocol: str


@dataclass(frozen=True, slots=True)
class ErrorRule:
    """A CustomErrorResponse: page path and code to answer instead, and how long the error is cached."""

    ttl: int = freshness.ERROR_TTL
    page: str = ""
    code: int = 0


@dataclass(slots=True)
class Plan:
    """One distribution as the edges act on it. account: identity.Account, refreshed with the plan."""

    distribution_id: str
    arn: str
    account: Any
    etag: str
    enabled: bool
    hosts: tuple
    home: geo.Place
    price_class: str
    default_root: str
    behaviors: tuple
    errors: dict = field(default_factory=dict)

    def behavior(self, path):
        """Return the first behavior whose pattern fits; the default one fits everything."""
        return next(behavior for behavior in self.behaviors if behavior.matches(path))

    def error_ttl(self, status):
        rule = self.errors.get(status)
        return rule.ttl if rule else freshness.ERROR_TTL


def path_pattern(pattern):
    """Return a matcher of a path pattern: `*` is any run, `?` one character; the first slash may be left out.

    >>> path_pattern("images/*.jp?g")("/images/a/b.jpeg"), path_pattern("*.jpg")("/x/y.JPG")
    (True, False)
    """
    regex = "".join(".*" if c == "*" else "." if c == "?" else re.escape(c) for c in pattern.removeprefix("/"))
    match = (
        re.compile(f"/{regex}", re.DOTALL).fullmatch
        if not pattern.startswith("*")
        else re.compile(regex, re.DOTALL).fullmatch
    )
    return lambda path: match(path) is not None


@dataclass(frozen=True)
class World:
    """What the playground itself is: its names and ports, and the outside it lets edges reach."""

    address: str  # what to dial for our own ports
    aws_port: int
    edge_port: int
    domains: tuple
    allowed: frozenset  # "host:port"


def compile_plan(row, account, world, region_of_bucket, access_controls):
    """Return the Plan of a distribution.

    row: models.Distribution. region_of_bucket: name -> region or None. access_controls: OAC id -> its
    SigningBehavior ("always", "never", "no-override").
    """
    config = row.config
    origins = {
        item["Id"]: compile_origin(item, world, account.default_region, region_of_bucket, access_controls)
        for item in config["Origins"]["Items"]
    }
    behaviors = [
        compile_behavior(item, item["PathPattern"], origins)
        for item in (config.get("CacheBehaviors") or {}).get("Items") or ()
    ]
    behaviors.append(compile_behavior(config["DefaultCacheBehavior"], "*", origins))
    try:
        home = geo.resolve(account.home_city)
    except geo.UnknownPlace:
        home = geo.resolve("London")
    return Plan(
        distribution_id=row.distribution_id,
        arn=row.arn,
        account=account,
        etag=row.etag,
        enabled=config["Enabled"],
        hosts=tuple(host.lower() for host in (config.get("Aliases") or {}).get("Items") or ()),
        home=home,
        price_class=config.get("PriceClass") or "PriceClass_All",
        default_root=config.get("DefaultRootObject") or "",
        behaviors=tuple(behaviors),
        errors={
            rule["ErrorCode"]: ErrorRule(
                rule.get("ErrorCachingMinTTL", freshness.ERROR_TTL),
                rule.get("ResponsePagePath") or "",
                int(rule.get("ResponseCode") or 0),
            )
            for rule in (config.get("CustomErrorResponses") or {}).get("Items") or ()
        },
    )


def compile_behavior(item, pattern, origins):
    policy_id = item.get("CachePolicyId")
    methods = item.get("AllowedMethods") or {}
    return Behavior(
        pattern=pattern,
        matches=path_pattern(pattern),
        origin=origins[item["TargetOriginId"]],
        policy=policies.managed()[policy_id] if policy_id else policies.legacy(item),
        allowed_methods=frozenset(methods.get("Items") or ("GET", "HEAD")),
        cached_methods=frozenset((methods.get("CachedMethods") or {}).get("Items") or ("GET", "HEAD")),
        compress=bool(item.get("Compress")),
        viewer_protocol=item["ViewerProtocolPolicy"],
    )


def compile_origin(item, world, default_region, region_of_bucket, access_controls):
    """Return the Origin of one item of Origins; what an edge must not reach is kind "refused"."""
    custom = item.get("CustomOriginConfig") or {}
    common = {
        "id": item["Id"],
        "domain": item["DomainName"],
        "prefix": item.get("OriginPath") or "",
        "custom_headers": tuple(
            (pair["HeaderName"].lower(), pair["HeaderValue"])
            for pair in (item.get("CustomHeaders") or {}).get("Items") or ()
        ),
        "connect_timeout_seconds": item.get("ConnectionTimeout", 10),
        "read_timeout_seconds": custom.get("OriginReadTimeout", 30),
        "attempts": item.get("ConnectionAttempts", 3),
    }
    name, _colon, port = item["DomainName"].lower().partition(":")
    own = own_name(name, world.domains)
    if own and own[0] == "distribution":
        return Origin(
            kind="distribution", connect=(world.address, world.edge_port), host=name, region=default_region, **common
        )
    if own:
        kind, label, region = own
        bucket = label if kind in ("s3", "website") else ""
        region = (bucket and region_of_bucket(bucket)) or region or default_region
        host = f"{bucket}.s3.{region}.amazonaws.com" if kind == "s3" else name
        sign = access_controls.get(item.get("OriginAccessControlId") or "", "") if kind == "s3" else ""
        return Origin(
            kind=kind,
            connect=(world.address, world.aws_port),
            host=host,
            bucket=bucket,
            region=region,
            sign=sign,
            **common,
        )
    port = int(port) if port.isdigit() else custom.get("HTTPPort", 80)
    if name in world.domains and port == world.aws_port:
        return Origin(
            kind="website", connect=(world.address, port), host=f"{name}:{port}", region=default_region, **common
        )
    if f"{name}:{port}" in world.allowed:
        return Origin(kind="custom", connect=(name, port), host=f"{name}:{port}", region=default_region, **common)
    refusal = (
        f"The edges do not fetch from {name}:{port}: it is neither a bucket, website or function URL of this playground"
        " nor listed in PLAYGROUND_ORIGIN_ALLOW."
    )
    return Origin(kind="refused", refusal=refusal, **common)


def own_name(name, domains):
    """Return (kind, label, region or "") of a name that the playground itself serves, or None.

    >>> own_name("photos.s3.eu-west-2.amazonaws.com", ())
    ('s3', 'photos', 'eu-west-2')
    >>> own_name("photos.s3.localhost", ("localhost",))
    ('s3', 'photos', '')
    """
    for domain in ("amazonaws.com", *domains):
        if name.endswith("." + domain):
            head = name[: -len(domain) - 1]
            for kind, pattern in (
                ("website", rf"(.+)\.s3-website[.-]{REGION}"),
                ("s3", rf"(.+?)\.s3(?:\.dualstack)?[.-]{REGION}"),
                ("s3", r"(.+)\.s3()"),
                ("function", rf"([a-z0-9]+)\.lambda-url\.{REGION}"),
                ("distribution", r"([a-z0-9]+)\.cloudfront()"),
            ):
                match = re.fullmatch(pattern, head)
                if match:
                    return kind, match[1], match[2]
    match = re.fullmatch(rf"([a-z0-9]+)\.lambda-url\.{REGION}\.on\.aws", name)
    if match:
        return "function", match[1], match[2]
    match = re.fullmatch(r"([a-z0-9]+)\.cloudfront\.net", name)
    return ("distribution", match[1], "") if match else None

"""Check a DistributionConfig and fill in CloudFront's defaults.

`checked(config, account)` is what CreateDistribution and UpdateDistribution store: every list with its
Quantity, every default as the real service answers it. What the edges do not act on is stored and said
(NO_EFFECT in operations/__init__.py), or refused here when ignoring it would be unsafe.
Source: CloudFront API Reference, DistributionConfig; quotas from the Developer Guide.
"""

import copy
import re

from botocore.validate import ParamValidator
from django.conf import settings

from apps.cdn import errors, plan, policies
from apps.cdn.models import OriginAccessControl
from playground.wire import model

METHODS = {
    frozenset(("GET", "HEAD")),
    frozenset(("GET", "HEAD", "OPTIONS")),
    frozenset(("GET", "HEAD", "OPTIONS", "PUT", "PATCH", "POST", "DELETE")),
}
PROTOCOLS = ("allow-all", "https-only", "redirect-to-https")
PRICE_CLASSES = ("PriceClass_100", "PriceClass_200", "PriceClass_All")
ERROR_CODES = (400, 403, 404, 405, 414, 416, 500, 501, 502, 503, 504)
RESPONSE_CODES = ("200", "400", "403", "404", "405", "414", "416", "500", "501", "502", "503", "504")
HOSTNAME = re.compile(r"(?=.{1,253}\Z)([a-z0-9]([a-z0-9_-]*[a-z0-9])?\.)*[a-z0-9]([a-z0-9_-]*[a-z0-9])?\Z")
ORIGINS, BEHAVIORS, ALIASES = 100, 75, 100  # quotas of one distribution
# What would change who may see the content: storing it without acting on it would be a lie of the dangerous sort.
REFUSED = {
    "TrustedSigners": "signed URLs with trusted signers",
    "TrustedKeyGroups": "signed URLs and cookies with key groups",
}


def checked(config, account):
    """Return a complete config. Errors: what the API documents for it."""
    check_shape("CreateDistribution", {"DistributionConfig": config})
    config = copy.deepcopy(config)
    check_quantities(config, "DistributionConfig")
    origins = _origins(config, account)
    _behaviors(config, origins)
    _aliases(config)
    _root_object(config.setdefault("DefaultRootObject", ""))
    _error_responses(config)
    if config.setdefault("PriceClass", "PriceClass_All") not in PRICE_CLASSES:
        raise errors.InvalidArgument(f"The price class {config['PriceClass']} is not valid.")
    restriction = (config.get("Restrictions") or {}).get("GeoRestriction") or {}
    if restriction.get("RestrictionType", "none") != "none":
        raise errors.InvalidArgument("Geo restriction is not built in this playground: use RestrictionType none.")
    if (config.get("OriginGroups") or {}).get("Items"):
        raise errors.InvalidArgument("Origin groups are not built in this playground: use single origins.")
    for name, value in DEFAULTS.items():
        if config.get(name) in (None, {}):
            config[name] = copy.deepcopy(value)
    return config


def check_shape(operation, params):
    """Refuse input that lacks a required member, however deep. Errors: InvalidArgument, naming the first."""
    shape = model.load("cloudfront").operation(operation).input_shape
    report = ParamValidator().validate(params, shape)
    if report.has_errors():
        raise errors.InvalidArgument(f"The request is not valid. {report.generate_report().splitlines()[0]}")


DEFAULTS = {
    "Comment": "",
    "OriginGroups": {"Quantity": 0},
    "Logging": {"Enabled": False, "IncludeCookies": False, "Bucket": "", "Prefix": ""},
    "ViewerCertificate": {
        "CloudFrontDefaultCertificate": True,
        "SSLSupportMethod": "vip",
        "MinimumProtocolVersion": "TLSv1",
        "CertificateSource": "cloudfront",
    },
    "Restrictions": {"GeoRestriction": {"RestrictionType": "none", "Quantity": 0}},
    "WebACLId": "",
    "HttpVersion": "http2",
    "IsIPV6Enabled": False,
    "ContinuousDeploymentPolicyId": "",
    "Staging": False,
}


def without_effect(config):
    """Return the names of settings that were sent, are not CloudFront's defaults, and that no edge acts on."""
    return [
        f"DistributionConfig.{name}"
        for name in ("Logging", "ViewerCertificate", "WebACLId", "HttpVersion", "IsIPV6Enabled", "Staging")
        if config.get(name) and config[name] != DEFAULTS[name]
    ]


def check_quantities(value, name):
    """Walk a config; a Quantity must count its Items. Errors: InconsistentQuantities."""
    if isinstance(value, list):
        for item in value:
            check_quantities(item, name)
    if not isinstance(value, dict):
        return
    if "Quantity" in value and value["Quantity"] != len(value.get("Items") or ()):
        raise errors.InconsistentQuantities(
            f"The value of Quantity ({value['Quantity']}) and the size of Items ({len(value.get('Items') or ())})"
            f" don't match in {name}."
        )
    for key, item in value.items():
        check_quantities(item, key if key != "Items" else name)


def listed(value):
    """Return the Items of a wire list, {} and None being empty."""
    return (value or {}).get("Items") or []


def _origins(config, account):
    items = listed(config["Origins"])
    if not items:
        raise errors.InvalidArgument("The parameter Origins is required: a distribution needs at least one origin.")
    if len(items) > ORIGINS:
        raise errors.TooManyOrigins()
    found = {}
    for item in items:
        if item["Id"] in found:
            raise errors.InvalidArgument(f"The origin Id {item['Id']} is used more than once.")
        found[item["Id"]] = item
        _origin(item, account)
    return found


def _origin(item, account):
    domain = item["DomainName"] = item["DomainName"].lower()
    name, _colon, port = domain.partition(":")
    if not HOSTNAME.match(name) or (port and not port.isdigit()):
        raise errors.InvalidArgument(f"The parameter Origin DomainName is not valid: {domain[:80]!r}.")
    path = item.setdefault("OriginPath", "")
    if path and (not path.startswith("/") or path.endswith("/") or len(path) > 255):
        raise errors.InvalidArgument("The parameter OriginPath must begin with a slash and must not end with one.")
    item.setdefault("CustomHeaders", {"Quantity": 0})
    for pair in listed(item["CustomHeaders"]):
        if not re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", pair["HeaderName"]) or re.search(
            r"[\x00-\x08\x0a-\x1f\x7f]|[^\x00-\xff]", pair["HeaderValue"]
        ):
            raise errors.InvalidArgument(f"The custom header {pair['HeaderName'][:80]!r} is not valid.")
    if not 1 <= item.setdefault("ConnectionAttempts", 3) <= 3:
        raise errors.InvalidArgument("The parameter ConnectionAttempts must be 1 to 3.")
    if not 1 <= item.setdefault("ConnectionTimeout", 10) <= 10:
        raise errors.InvalidArgument("The parameter ConnectionTimeout must be 1 to 10.")
    custom, bucket = item.get("CustomOriginConfig"), item.get("S3OriginConfig")
    if (custom is None) == (bucket is None):
        raise errors.InvalidArgument("An origin needs one of S3OriginConfig and CustomOriginConfig.")
    if custom is not None:
        _custom_origin(custom)
    item.setdefault("OriginShield", {"Enabled": False})
    _access_control(item, account, name)


def _custom_origin(custom):
    if not 1 <= custom.setdefault("OriginReadTimeout", 30) <= 120:
        raise errors.InvalidArgument("The parameter OriginReadTimeout must be 1 to 120.")
    if not 1 <= custom.setdefault("OriginKeepaliveTimeout", 5) <= 120:
        raise errors.InvalidArgument("The parameter OriginKeepaliveTimeout must be 1 to 120.")
    custom.setdefault("OriginSslProtocols", {"Quantity": 1, "Items": ["TLSv1.2"]})
    if custom["OriginProtocolPolicy"] not in ("http-only", "match-viewer", "https-only"):
        raise errors.InvalidArgument("The parameter OriginProtocolPolicy is not valid.")
    for name in ("HTTPPort", "HTTPSPort"):
        if not 1 <= custom[name] <= 65535:
            raise errors.InvalidArgument(f"The parameter {name} is not valid.")


def _access_control(item, account, name):
    control_id = item.setdefault("OriginAccessControlId", "")
    if (item.get("S3OriginConfig") or {}).get("OriginAccessIdentity"):
        raise errors.InvalidArgument(
            "Origin access identities are the older way and not built here: use an origin access control."
        )
    if not control_id:
        return
    if not OriginAccessControl.objects.filter(account=account, access_control_id=control_id).exists():
        raise errors.InvalidOriginAccessControl(f"The origin access control {control_id} does not exist.")
    own = plan.own_name(name, settings.DOMAINS)
    if item.get("S3OriginConfig") is None or not own or own[0] != "s3":
        raise errors.InvalidDomainNameForOriginAccessControl()


def _behaviors(config, origins):
    items = listed(config.setdefault("CacheBehaviors", {"Quantity": 0}))
    if len(items) > BEHAVIORS:
        raise errors.TooManyCacheBehaviors()
    patterns = [item["PathPattern"] for item in items]
    if len(set(patterns)) != len(patterns):
        raise errors.InvalidArgument("The same PathPattern stands in more than one cache behavior.")
    for item in items:
        if not re.fullmatch(r"[A-Za-z0-9_\-.*$/~\"'@:+&?]{1,255}", item["PathPattern"]):
            raise errors.InvalidArgument(f"The parameter PathPattern is not valid: {item['PathPattern'][:80]!r}.")
    for item in (*items, config["DefaultCacheBehavior"]):
        _behavior(item, origins)


def _behavior(item, origins):
    if item["TargetOriginId"] not in origins:
        raise errors.NoSuchOrigin(f"One or more of your origins do not exist: {item['TargetOriginId'][:80]!r}.")
    if item["ViewerProtocolPolicy"] not in PROTOCOLS:
        raise errors.InvalidArgument("The parameter ViewerProtocolPolicy is not valid.")
    _methods(item)
    _cache_policy(item)
    for name, what in REFUSED.items():
        if (item.get(name) or {}).get("Enabled"):
            raise errors.InvalidArgument(
                f"This playground's edges do not check {what} yet, so they refuse the setting."
            )
        item[name] = {"Enabled": False, "Quantity": 0}
    if item.get("OriginRequestPolicyId"):
        raise errors.NoSuchOriginRequestPolicy()
    if item.get("ResponseHeadersPolicyId"):
        raise errors.NoSuchResponseHeadersPolicy()
    for name in ("FunctionAssociations", "LambdaFunctionAssociations"):
        if listed(item.get(name)):
            raise errors.InvalidArgument(
                f"Functions at the edge are not built in this playground: {name} must be empty."
            )
        item[name] = {"Quantity": 0}
    item.setdefault("Compress", False)
    item.setdefault("SmoothStreaming", False)
    item.setdefault("FieldLevelEncryptionId", "")


def _methods(item):
    methods = item.setdefault(
        "AllowedMethods",
        {"Quantity": 2, "Items": ["HEAD", "GET"], "CachedMethods": {"Quantity": 2, "Items": ["HEAD", "GET"]}},
    )
    if frozenset(listed(methods)) not in METHODS:
        raise errors.InvalidArgument(
            "The parameter AllowedMethods must be GET and HEAD; GET, HEAD and OPTIONS; or all seven methods."
        )
    cached = methods.setdefault("CachedMethods", {"Quantity": 2, "Items": ["HEAD", "GET"]})
    if frozenset(listed(cached)) not in METHODS or not set(listed(cached)) <= {"GET", "HEAD", "OPTIONS"}:
        raise errors.InvalidArgument("The parameter CachedMethods must be GET and HEAD, or GET, HEAD and OPTIONS.")


def _cache_policy(item):
    if item.get("CachePolicyId"):
        if item.get("ForwardedValues"):
            raise errors.InvalidArgument("A behavior has either a CachePolicyId or ForwardedValues, not both.")
        if item["CachePolicyId"] not in policies.managed():
            raise errors.NoSuchCachePolicy()
        return
    if not item.get("ForwardedValues"):
        raise errors.InvalidArgument("The parameter ForwardedValues is required when there is no CachePolicyId.")
    policy = policies.legacy(item)
    if not 0 <= policy.min_ttl <= policy.default_ttl <= policy.max_ttl:
        raise errors.InvalidTTLOrder()
    item.update({"MinTTL": item.get("MinTTL", 0), "DefaultTTL": policy.default_ttl, "MaxTTL": policy.max_ttl})
    values = item["ForwardedValues"]
    values.setdefault("Headers", {"Quantity": 0})
    values.setdefault("QueryStringCacheKeys", {"Quantity": 0})


def _aliases(config):
    names = [name.lower() for name in listed(config.setdefault("Aliases", {"Quantity": 0}))]
    if len(names) > ALIASES:
        raise errors.TooManyDistributionCNAMEs()
    for name in names:
        if not HOSTNAME.match(name) or "." not in name or _reserved(name):
            raise errors.InvalidArgument(f"The alternate domain name {name[:80]!r} is not valid here.")
    if len(set(names)) != len(names):
        raise errors.CNAMEAlreadyExists()


def _reserved(name):
    """Tell whether a name already means something in the playground."""
    return name in settings.DOMAINS or plan.own_name(name, settings.DOMAINS) is not None


def _root_object(name):
    if name.startswith("/") or len(name) > 255:
        raise errors.InvalidDefaultRootObject()


def _error_responses(config):
    for rule in listed(config.setdefault("CustomErrorResponses", {"Quantity": 0})):
        if rule["ErrorCode"] not in ERROR_CODES:
            raise errors.InvalidErrorCode()
        page, code = rule.get("ResponsePagePath") or "", rule.get("ResponseCode") or ""
        if bool(page) != bool(code):
            raise errors.InvalidArgument("ResponsePagePath and ResponseCode go together.")
        if page and not page.startswith("/"):
            raise errors.InvalidRelativePath()
        if code and code not in RESPONSE_CODES:
            raise errors.InvalidResponseCode()
        if rule.get("ErrorCachingMinTTL", 10) < 0:
            raise errors.InvalidArgument("The parameter ErrorCachingMinTTL must not be negative.")

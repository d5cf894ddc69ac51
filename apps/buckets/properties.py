"""The settings of a bucket as its page shows them: for each the values of its form, and its state in a line.

A *section* is one setting: load (the values that its form shows), state (its line), more (further variables), and
where a refusal stands. acts_of_buckets.py says what each form asks; views_properties.py shows and does it.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings

from apps.buckets import acl
from apps.buckets.encryption import default_of
from apps.buckets.frames import counted, s3
from apps.buckets.models import Bucket
from apps.buckets.operations.logging import may_write
from apps.kms import keys
from playground import clock


@dataclass(slots=True, frozen=True)
class Section:
    """One setting.

    load(bucket): the form's values. state(bucket): (words, colour). done: what is said when it is set. place: the
    field of a refusal that `places` (by error code) does not place. more(request, bucket): further variables.
    """

    slug: str
    title: str
    about: str
    load: Callable
    state: Callable
    done: str
    place: str
    places: dict
    more: Callable = lambda request, bucket: {}


def _configured(bucket, name):
    return bucket.configurations.get(name) or {}


# -- what each form shows, and the line of its state ------------------------------------------------


def _load_versioning(bucket):
    return {"status": bucket.versioning or "Off"}


def _state_versioning(bucket):
    return {"Enabled": ("enabled", "good"), "Suspended": ("suspended", "warn")}.get(bucket.versioning, ("off", ""))


def _load_encryption(bucket):
    default, bucket_key = default_of(bucket)
    key = default.get("KMSMasterKeyID", "")
    return {"algorithm": default["SSEAlgorithm"], "key": key, "bucket_key": "1" if bucket_key else ""}


def _state_encryption(bucket):
    default, _ = default_of(bucket)
    words = {"AES256": "SSE-S3", "aws:kms": "SSE-KMS", "aws:kms:dsse": "DSSE-KMS"}[default["SSEAlgorithm"]]
    return words, "good"


def usable_keys(account, region=None):
    """Return [(ARN, label)] of a lab's own enabled keys."""
    found = keys.of_account(account, region, clock.now(account))
    own = [key for key in found if key.is_customers and key.state == "Enabled"]
    return [(key.arn, _key_name(key)) for key in own]


def _key_name(key):
    alias = key.aliases.order_by("name").first()
    name = alias.name.removeprefix("alias/") if alias else key.key_id
    return f"{name} ({key.region})"


def _more_encryption(request, bucket):
    found = usable_keys(bucket.account, bucket.region)
    chosen = _load_encryption(bucket)["key"]
    if chosen and chosen not in dict(found):
        found.append((chosen, chosen.rpartition("/")[2]))
    return {"kms_keys": found}


def _default_retention(bucket):
    return ((_configured(bucket, "ObjectLock").get("Rule")) or {}).get("DefaultRetention") or {}


def _load_lock(bucket):
    default = _default_retention(bucket)
    unit = "Years" if "Years" in default else "Days"
    return {"mode": default.get("Mode", ""), "period": str(default.get(unit, "")), "unit": unit}


def _state_lock(bucket):
    if not bucket.object_lock:
        return "off", ""
    found = _load_lock(bucket)
    if not found["mode"]:
        return "on, no default retention", "good"
    return f"on, {found['mode'].lower()} for {counted(int(found['period']), found['unit'][:-1].lower())}", "good"


def _load_tags(bucket):
    found = bucket.configurations.get("Tagging") or []
    return {"tag_key": [tag["Key"] for tag in found], "tag_value": [tag["Value"] for tag in found]}


def _state_tags(bucket):
    count = len(bucket.configurations.get("Tagging") or [])
    return (counted(count, "tag"), "info") if count else ("none", "")


def _load_website(bucket):
    found = _configured(bucket, "Website")
    everything = found.get("RedirectAllRequestsTo") or {}
    rules = found.get("RoutingRules")
    return {
        "kind": "redirect" if everything else "host" if found else "",
        "index": (found.get("IndexDocument") or {}).get("Suffix", "index.html"),
        "error": (found.get("ErrorDocument") or {}).get("Key", ""),
        "host": everything.get("HostName", ""),
        "protocol": everything.get("Protocol", ""),
        "rules": json.dumps(rules, indent=2) if rules else "",
    }


def _state_website(bucket):
    kind = _load_website(bucket)["kind"]
    return {"host": ("on", "good"), "redirect": ("redirects", "info")}.get(kind, ("off", ""))


def _more_website(request, bucket):
    name = f"{bucket.name}.s3-website.{bucket.region}.{settings.DOMAINS[0]}"
    blocked = bucket.blocks("RestrictPublicBuckets") or bucket.blocks("BlockPublicPolicy")
    return {"website_url": f"http://{name}:{settings.AWS_PORT}/", "blocked": blocked}


def _load_cors(bucket):
    rules = _configured(bucket, "CORS").get("CORSRules")
    return {"cors": json.dumps(rules, indent=2) if rules else ""}


def _state_cors(bucket):
    count = len(_configured(bucket, "CORS").get("CORSRules") or [])
    return (counted(count, "rule"), "info") if count else ("none", "")


def _load_lifecycle(bucket):
    rules = _configured(bucket, "Lifecycle").get("Rules")
    return {"json": json.dumps(rules, indent=2) if rules else "", "days": "30"}


def _state_lifecycle(bucket):
    count = len(_configured(bucket, "Lifecycle").get("Rules") or [])
    return (counted(count, "rule"), "info") if count else ("none", "")


def _more_lifecycle(request, bucket):
    return {"rules": [_rule_in_words(rule) for rule in _configured(bucket, "Lifecycle").get("Rules") or []]}


def _rule_in_words(rule):
    """Return {"id", "on", "which", "what": [sentences]} of a lifecycle rule."""
    found = rule.get("Filter") or {}
    both = found.get("And") or found
    which = [f"keys that begin with {prefix}"] if (prefix := both.get("Prefix") or rule.get("Prefix")) else []
    tags = both.get("Tags") or ([both["Tag"]] if both.get("Tag") else [])
    which += [f"tag {tag['Key']} = {tag.get('Value', '')}" for tag in tags]
    which += [f"over {both['ObjectSizeGreaterThan']} bytes"] if "ObjectSizeGreaterThan" in both else []
    which += [f"under {both['ObjectSizeLessThan']} bytes"] if "ObjectSizeLessThan" in both else []
    return {
        "id": rule.get("ID", ""),
        "on": rule["Status"] == "Enabled",
        "which": ", ".join(which) or "every key",
        "what": _actions_in_words(rule),
    }


def _actions_in_words(rule):
    expires, what = rule.get("Expiration") or {}, []
    if "Days" in expires:
        what.append(f"expire after {counted(expires['Days'], 'day')}")
    if "Date" in expires:
        what.append(f"expire on {str(expires['Date'])[:10]}")
    if expires.get("ExpiredObjectDeleteMarker"):
        what.append("remove delete markers with nothing below")
    older = (rule.get("NoncurrentVersionExpiration") or {}).get("NoncurrentDays")
    what += [f"delete older versions after {counted(older, 'day')}"] if older else []
    for one in rule.get("Transitions") or []:
        when = f"after {counted(one['Days'], 'day')}" if "Days" in one else f"on {str(one.get('Date'))[:10]}"
        what.append(f"to {one['StorageClass']} {when}")
    abort = (rule.get("AbortIncompleteMultipartUpload") or {}).get("DaysAfterInitiation")
    what += [f"give unfinished uploads up after {counted(abort, 'day')}"] if abort else []
    return what


def _load_logging(bucket):
    found = _configured(bucket, "Logging")
    return {"target": found.get("TargetBucket", ""), "log_prefix": found.get("TargetPrefix", ""), "grant": "1"}


def _state_logging(bucket):
    target = _configured(bucket, "Logging").get("TargetBucket")
    return (f"into {target}", "info") if target else ("off", "")


def _more_logging(request, bucket):
    same_place = Bucket.objects.filter(account=bucket.account, region=bucket.region).order_by("name")
    found = _load_logging(bucket)
    target = same_place.select_related("account").filter(name=found["target"]).first()
    shut = target is not None and not may_write(bucket, target, found["log_prefix"])
    return {"targets": same_place, "shut": shut}


def _load_ownership(bucket):
    return {"ownership": bucket.ownership or "ObjectWriter"}


def _state_ownership(bucket):
    if bucket.has_acls:
        return f"{bucket.ownership or 'ObjectWriter'}: ACLs count", "warn"
    return "bucket owner enforced: no ACLs", "good"


def _state_acl(bucket):
    return ("public", "bad") if acl.is_public(bucket.acl) else ("private", "good")


def _more_acl(request, bucket):
    told = s3(request, bucket, "GetBucketAcl") if bucket.has_acls else {"Grants": []}
    return {"grants": told["Grants"], "canned": acl.CANNED_FOR_BUCKETS}


SECTIONS = (
    Section(
        "versioning", "Versioning", "Keeps every version of every key.", _load_versioning, _state_versioning,
        "Versioning is {status}.", "status", {},
    ),
    Section(
        "encryption", "Default encryption", "How new objects are encrypted that do not say.", _load_encryption,
        _state_encryption, "New objects are encrypted so.", "key", {"MalformedXML": "algorithm"}, _more_encryption,
    ),
    Section(
        "lock", "Object lock", "Versions that nobody can delete for a while.", _load_lock, _state_lock,
        "Object lock is set.", "period", {"InvalidBucketState": "mode", "MalformedXML": "mode"},
    ),
    Section("bucket-tags", "Tags", "Labels of the bucket, for costs and policies.", _load_tags, _state_tags,
        "The tags are set.", "bucket-tags", {}),
    Section(
        "website", "Static website", "Pages at an address of its own.", _load_website, _state_website,
        "The website is set.", "index", {}, _more_website,
    ),
    Section("cors", "CORS", "Which other sites' pages may call the bucket.", _load_cors, _state_cors,
        "The CORS rules are set.", "cors", {}),
    Section(
        "lifecycle", "Lifecycle", "Rules that expire and clean up by themselves.", _load_lifecycle, _state_lifecycle,
        "The lifecycle rules are set.", "id", {}, _more_lifecycle,
    ),
    Section(
        "logging", "Access log", "Every request, written into another bucket.", _load_logging, _state_logging,
        "The access log is set.", "target", {}, _more_logging,
    ),
    Section("ownership", "Object ownership", "Who owns what others write, and whether ACLs count.", _load_ownership,
        _state_ownership, "Ownership is set.", "ownership", {}),
    Section("acl", "Access control list", "The old way to give rights.", lambda bucket: {"acl": "private"}, _state_acl,
        "The ACL is set.", "acl", {}, _more_acl),
)  # fmt: skip

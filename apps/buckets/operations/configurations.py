"""Configurations of a bucket: encryption, CORS, website, lifecycle, request payment, acceleration, and the kept ones.

Each is checked as S3 checks it, kept as it was given under its name in Bucket.configurations, and acted on
elsewhere: cors.py, website.py, lifecycle.py, encryption.py. The kinds of KEPT are only kept and listed.
"""

import re
import uuid

from django.db import transaction

from apps.billing import meters
from apps.buckets import errors, lifecycle_rules
from apps.buckets.actions import bucket_of
from playground.wire.dates import parse_timestamp

KEPT = {
    "Analytics": ("AnalyticsConfiguration", "AnalyticsConfigurationList"),
    "Inventory": ("InventoryConfiguration", "InventoryConfigurationList"),
    "Metrics": ("MetricsConfiguration", "MetricsConfigurationList"),
    "IntelligentTiering": ("IntelligentTieringConfiguration", "IntelligentTieringConfigurationList"),
}
CORS_METHODS = ("GET", "PUT", "HEAD", "POST", "DELETE")
RULES, CORS_RULES, ID_LENGTH = 1000, 100, 255


def _put(ctx, request, name, configuration):
    bucket = bucket_of(ctx, request)
    meters.record(ctx, "s3.requests.standard.put_copy_post_list", 1, bucket.arn, account=bucket.account)
    bucket.keep(name, configuration)
    return {}


def _get(ctx, request, name, missing):
    bucket = bucket_of(ctx, request)
    meters.record(ctx, "s3.requests.standard.get_select_other", 1, bucket.arn, account=bucket.account)
    if name not in bucket.configurations:
        raise missing(BucketName=bucket.name)
    return bucket.configurations[name]


def _delete(ctx, request, name):
    bucket = bucket_of(ctx, request)
    meters.record(ctx, "s3.requests.delete_cancel", 1, bucket.arn, account=bucket.account)
    bucket.drop(name)
    return {"__status__": 204}


# -- encryption -----------------------------------------------------------------------------------


def put_bucket_encryption(ctx, request):
    """Set how new objects are encrypted that do not say. Errors: MalformedXML, InvalidArgument. PutBucketEncryption."""
    rules = request["ServerSideEncryptionConfiguration"].get("Rules") or []
    default = (rules[0].get("ApplyServerSideEncryptionByDefault") or {}) if len(rules) == 1 else {}
    if default.get("SSEAlgorithm") not in ("AES256", "aws:kms", "aws:kms:dsse"):
        raise errors.MalformedXML()
    if default.get("KMSMasterKeyID") and default["SSEAlgorithm"] == "AES256":
        raise errors.InvalidArgument(
            "a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms or aws:kms:dsse",
            ArgumentName="ApplyServerSideEncryptionByDefault",
        )
    return _put(ctx, request, "Encryption", {"Rules": rules})


def get_bucket_encryption(ctx, request):
    """Return the default; without one of its own a bucket has SSE-S3, as all buckets since 2023. GetBucketEncryption."""
    bucket = bucket_of(ctx, request)
    meters.record(ctx, "s3.requests.standard.get_select_other", 1, bucket.arn, account=bucket.account)
    of_all = {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": False}]}
    return {"ServerSideEncryptionConfiguration": bucket.configurations.get("Encryption") or of_all}


def delete_bucket_encryption(ctx, request):
    """Go back to SSE-S3. Source: DeleteBucketEncryption."""
    return _delete(ctx, request, "Encryption")


# -- CORS -----------------------------------------------------------------------------------------


def put_bucket_cors(ctx, request):
    """Say which origins' pages may call the bucket. Errors: MalformedXML, InvalidRequest. Source: PutBucketCors."""
    rules = request["CORSConfiguration"].get("CORSRules") or []
    if not 1 <= len(rules) <= CORS_RULES:
        raise errors.MalformedXML()
    for rule in rules:
        if not rule.get("AllowedMethods") or not rule.get("AllowedOrigins"):
            raise errors.MalformedXML()
        for method in rule["AllowedMethods"]:
            if method not in CORS_METHODS:
                raise errors.InvalidRequest(
                    f"Found unsupported HTTP method in CORS config. Unsupported method is {method}"
                )
        for name in ("AllowedOrigins", "AllowedHeaders"):
            for value in rule.get(name) or []:
                if value.count("*") > 1:
                    raise errors.InvalidRequest(f'{name[:-1]} "{value}" can not have more than one wildcard.')
        if any("*" in value for value in rule.get("ExposeHeaders") or []):
            raise errors.InvalidRequest(
                "ExposeHeader contains wildcard. We currently do not support wildcard for ExposeHeader."
            )
    return _put(ctx, request, "CORS", {"CORSRules": rules})


def get_bucket_cors(ctx, request):
    """Return the rules. Errors: NoSuchCORSConfiguration. Source: GetBucketCors."""
    return dict(_get(ctx, request, "CORS", errors.NoSuchCors))


def delete_bucket_cors(ctx, request):
    """Remove the rules. Source: DeleteBucketCors."""
    return _delete(ctx, request, "CORS")


# -- website --------------------------------------------------------------------------------------


def _check_website(found):
    """Refuse a website configuration that is none. Errors: InvalidArgument, InvalidRequest, MalformedXML."""
    everything = found.get("RedirectAllRequestsTo")
    if everything:
        if any(found.get(name) for name in ("IndexDocument", "ErrorDocument", "RoutingRules")):
            raise errors.InvalidArgument(
                "RedirectAllRequestsTo cannot be provided in conjunction with other Routing Rules."
            )
        if not everything.get("HostName") or everything.get("Protocol") not in (None, "http", "https"):
            raise errors.InvalidRequest(
                "Invalid protocol, protocol can be http or https. If not defined the protocol will be selected automatically."
            )
        return
    suffix = (found.get("IndexDocument") or {}).get("Suffix")
    if not suffix:
        raise errors.InvalidArgument(
            "A value for IndexDocument Suffix must be provided if RedirectAllRequestsTo is empty"
        )
    if "/" in suffix:
        raise errors.InvalidArgument("The IndexDocument Suffix is not well formed")
    if "ErrorDocument" in found and not found["ErrorDocument"].get("Key"):
        raise errors.MalformedXML()
    for rule in found.get("RoutingRules") or []:
        redirect = rule.get("Redirect")
        if not redirect:
            raise errors.MalformedXML()
        if "ReplaceKeyWith" in redirect and "ReplaceKeyPrefixWith" in redirect:
            raise errors.InvalidRequest("You can only define ReplaceKeyPrefix or ReplaceKey but not both.")
        code = redirect.get("HttpRedirectCode")
        if code is not None and not re.fullmatch("3[0-9][1-9]|3[1-9]0", code):
            raise errors.InvalidRequest(
                f"The provided HTTP redirect code ({code}) is not valid. Valid codes are 3XX except 300."
            )


def put_bucket_website(ctx, request):
    """Make a bucket a website. Errors: InvalidArgument, InvalidRequest, MalformedXML. Source: PutBucketWebsite."""
    _check_website(request["WebsiteConfiguration"])
    return _put(ctx, request, "Website", request["WebsiteConfiguration"])


def get_bucket_website(ctx, request):
    """Return the configuration. Errors: NoSuchWebsiteConfiguration. Source: GetBucketWebsite."""
    return dict(_get(ctx, request, "Website", errors.NoSuchWebsite))


def delete_bucket_website(ctx, request):
    """Stop being a website. Source: DeleteBucketWebsite."""
    return _delete(ctx, request, "Website")


# -- lifecycle ------------------------------------------------------------------------------------


def _check_days(value, what):
    if value is not None and value <= 0:
        raise errors.InvalidArgument(f"'{what}' must be a positive integer", ArgumentName=what, ArgumentValue=value)


def _check_date(value, what):
    if value is None:
        return
    moment = value if not isinstance(value, str) else parse_timestamp(value, "iso8601")
    if (moment.hour, moment.minute, moment.second) != (0, 0, 0):
        raise errors.InvalidArgument(f"'{what}' must be at midnight GMT", ArgumentName=what)


ACTIONS = (
    "Expiration", "Transitions", "NoncurrentVersionTransitions", "NoncurrentVersionExpiration",
    "AbortIncompleteMultipartUpload",
)  # fmt: skip


def _check_rule(rule):
    """Refuse a lifecycle rule that is none. Errors: MalformedXML, InvalidArgument, InvalidRequest."""
    if rule.get("Status") not in ("Enabled", "Disabled") or ("Prefix" in rule and "Filter" in rule):
        raise errors.MalformedXML()
    if not any(rule.get(name) for name in ACTIONS):
        raise errors.InvalidRequest("At least one action needs to be specified in a rule")
    expiration = rule.get("Expiration")
    if expiration is not None:
        given = [name for name in ("Days", "Date", "ExpiredObjectDeleteMarker") if name in expiration]
        if len(given) != 1:
            raise errors.MalformedXML()
        _check_days(expiration.get("Days"), "Days")
        _check_date(expiration.get("Date"), "Date")
    for one in rule.get("Transitions") or []:
        if ("Days" in one) == ("Date" in one) or not one.get("StorageClass"):
            raise errors.MalformedXML()
        if one.get("Days", 0) < 0:
            raise errors.InvalidArgument("'Days' in Transition action must be nonnegative")
        _check_date(one.get("Date"), "Date")
    _check_days((rule.get("NoncurrentVersionExpiration") or {}).get("NoncurrentDays"), "NoncurrentDays")
    abort = (rule.get("AbortIncompleteMultipartUpload") or {}).get("DaysAfterInitiation")
    _check_days(abort, "DaysAfterInitiation")
    _check_filter(rule.get("Filter") or {})
    if lifecycle_rules.conditions(rule)[1]:
        if abort is not None:
            raise errors.InvalidRequest("AbortIncompleteMultipartUpload cannot be specified with Tags.")
        if (expiration or {}).get("ExpiredObjectDeleteMarker") is not None:
            raise errors.InvalidRequest("ExpiredObjectDeleteMarker cannot be specified with Tags.")


def _check_filter(found):
    """Several conditions stand inside And, as S3 wants them. Errors: MalformedXML."""
    if len(found) > 1:
        raise errors.MalformedXML()
    both = found.get("And") or {}
    above, below = both.get("ObjectSizeGreaterThan"), both.get("ObjectSizeLessThan")
    if above is not None and below is not None and above >= below:
        raise errors.InvalidRequest("'ObjectSizeLessThan' has to be a value greater than 'ObjectSizeGreaterThan'")


def put_bucket_lifecycle_configuration(ctx, request):
    """Replace a bucket's lifecycle rules.

    Errors: MalformedXML, InvalidArgument (ids, days, dates), InvalidRequest. Source: PutBucketLifecycleConfiguration.
    """
    rules = (request.get("LifecycleConfiguration") or {}).get("Rules") or []
    if not 1 <= len(rules) <= RULES:
        raise errors.MalformedXML()
    seen = set()
    for rule in rules:
        name = rule.get("ID")
        if name and len(name) > ID_LENGTH:
            raise errors.InvalidArgument("ID length should not exceed allowed limit of 255")
        if name and name in seen:
            raise errors.InvalidArgument("Rule ID must be unique. Found same ID for more than one rule")
        seen.add(name)
        _check_rule(rule)
    kept = [{**rule, "ID": rule.get("ID") or str(uuid.uuid4())} for rule in rules]
    floor = request.get("TransitionDefaultMinimumObjectSize") or "all_storage_classes_128K"
    _put(ctx, request, "Lifecycle", {"Rules": kept, "TransitionDefaultMinimumObjectSize": floor})
    return {"TransitionDefaultMinimumObjectSize": floor}


def get_bucket_lifecycle_configuration(ctx, request):
    """Return the rules. Errors: NoSuchLifecycleConfiguration. Source: GetBucketLifecycleConfiguration."""
    return dict(_get(ctx, request, "Lifecycle", errors.NoLifecycle))


def delete_bucket_lifecycle(ctx, request):
    """Remove all rules. Source: DeleteBucketLifecycle."""
    return _delete(ctx, request, "Lifecycle")


# -- payment, acceleration, replication ----------------------------------------------------------------


def put_bucket_request_payment(ctx, request):
    """Say who pays for requests and transfer. Errors: MalformedXML. Source: PutBucketRequestPayment."""
    payer = request["RequestPaymentConfiguration"].get("Payer")
    if payer not in ("Requester", "BucketOwner"):
        raise errors.MalformedXML()
    return _put(ctx, request, "RequestPayment", {"Payer": payer})


def get_bucket_request_payment(ctx, request):
    """Return who pays. Source: GetBucketRequestPayment."""
    bucket = bucket_of(ctx, request)
    meters.record(ctx, "s3.requests.standard.get_select_other", 1, bucket.arn, account=bucket.account)
    return bucket.configurations.get("RequestPayment") or {"Payer": "BucketOwner"}


def put_bucket_accelerate_configuration(ctx, request):
    """Turn transfer acceleration on or off. Errors: MalformedXML, InvalidRequest. Source: PutBucketAccelerateConfiguration."""
    status = request["AccelerateConfiguration"].get("Status")
    if status not in ("Enabled", "Suspended"):
        raise errors.MalformedXML()
    if "." in request["Bucket"]:
        raise errors.InvalidRequest(
            "S3 Transfer Acceleration is not supported for buckets with periods (.) in their names"
        )
    return _put(ctx, request, "Accelerate", {"Status": status})


def get_bucket_accelerate_configuration(ctx, request):
    """Return the state; nothing where it was never set. Source: GetBucketAccelerateConfiguration."""
    bucket = bucket_of(ctx, request)
    meters.record(ctx, "s3.requests.standard.get_select_other", 1, bucket.arn, account=bucket.account)
    return bucket.configurations.get("Accelerate") or {}


def get_bucket_replication(ctx, request):
    """Return the rules. Errors: ReplicationConfigurationNotFoundError. Source: GetBucketReplication."""
    return {"ReplicationConfiguration": _get(ctx, request, "Replication", errors.NoSuchReplication)}


def delete_bucket_replication(ctx, request):
    """Remove the rules. Source: DeleteBucketReplication."""
    return _delete(ctx, request, "Replication")


# -- the kept kinds, many to a bucket, each with an id --------------------------------------------------


def _kept(kind):
    """Return the four operations of a kind: {"PutBucket...Configuration": function, ...}."""
    member, many = KEPT[kind]

    def put(ctx, request):
        configuration = request[member]
        if configuration.get("Id") != request["Id"]:
            raise errors.MalformedXML()
        bucket = bucket_of(ctx, request)
        meters.record(ctx, "s3.requests.standard.put_copy_post_list", 1, bucket.arn, account=bucket.account)
        with transaction.atomic():
            bucket.keep(kind, {**bucket.held().configurations.get(kind, {}), request["Id"]: configuration})
        return {}

    def get(ctx, request):
        found = bucket_of(ctx, request).configurations.get(kind, {})
        if request["Id"] not in found:
            raise errors.NoSuchConfiguration()
        return {member: found[request["Id"]]}

    def delete(ctx, request):
        bucket = bucket_of(ctx, request)
        with transaction.atomic():
            found = dict(bucket.held().configurations.get(kind, {}))
            if found.pop(request["Id"], None) is None:
                raise errors.NoSuchConfiguration()
            bucket.keep(kind, found)
        return {"__status__": 204}

    def list_all(ctx, request):
        found = bucket_of(ctx, request).configurations.get(kind, {})
        return {many: [found[name] for name in sorted(found)], "IsTruncated": False}

    return {
        f"PutBucket{kind}Configuration": put,
        f"GetBucket{kind}Configuration": get,
        f"DeleteBucket{kind}Configuration": delete,
        f"ListBucket{kind}Configurations": list_all,
    }


KEPT_OPERATIONS = {name: function for kind in KEPT for name, function in _kept(kind).items()}

"""What the forms of a bucket's properties ask of S3, and the form that makes one.

JSON that is typed is checked against the operation's own shape first (botocore's), so a wrong type is said in words
at the field instead of failing somewhere inside.
"""

import json

from botocore.validate import ParamValidator

from apps.buckets.acts import FormProblem
from apps.buckets.acts_of_objects import pairs
from apps.buckets.models import BLOCK_ALL, OWNER_ENFORCED, Bucket
from apps.buckets.operations.logging import WRITER
from playground.wire import model


def checked(operation, params, field):
    """Return [(operation, params)] when they fit the operation's shape. Errors: FormProblem at a field."""
    shape = model.load("s3").operation(operation).input_shape
    report = ParamValidator().validate(params, shape)
    if report.has_errors():
        raise FormProblem(field, report.generate_report().splitlines()[0])
    return [(operation, params)]


def parsed(form, field):
    """Return the JSON of a field, None when it is empty. Errors: FormProblem, which says where it breaks."""
    text = form.get(field, "").strip()
    if not text:
        return None
    try:
        return json.loads(text)
    except ValueError as err:
        raise FormProblem(field, f"This is not JSON: {err}") from None


def whole(form, field, what):
    """Return a positive whole number, None when the field is empty. Errors: FormProblem."""
    text = form.get(field, "").strip()
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 7 and int(text)):
        raise FormProblem(field, f"{what}: a whole number, one or more.")
    return int(text)


def versioning(bucket, form):
    """Turn versioning on, or suspend it."""
    status = form.get("status") or "Enabled"
    return [("PutBucketVersioning", {"Bucket": bucket.name, "VersioningConfiguration": {"Status": status}})]


def encryption(bucket, form):
    """Say how new objects are encrypted that do not say themselves."""
    default = {"SSEAlgorithm": form.get("algorithm") or "AES256"}
    rule = {"ApplyServerSideEncryptionByDefault": default}
    if default["SSEAlgorithm"] != "AES256":
        if form.get("key"):
            default["KMSMasterKeyID"] = form["key"]
        rule["BucketKeyEnabled"] = bool(form.get("bucket_key"))
    configuration = {"Rules": [rule]}
    return [("PutBucketEncryption", {"Bucket": bucket.name, "ServerSideEncryptionConfiguration": configuration})]


def lock(bucket, form):
    """Turn object lock on, and set how long new versions are kept by themselves."""
    configuration = {"ObjectLockEnabled": "Enabled"}
    if form.get("mode"):
        number = whole(form, "period", "The period")
        if number is None:
            raise FormProblem("period", "A default retention has a period.")
        unit = "Years" if form.get("unit") == "Years" else "Days"
        configuration["Rule"] = {"DefaultRetention": {"Mode": form["mode"], unit: number}}
    return [("PutObjectLockConfiguration", {"Bucket": bucket.name, "ObjectLockConfiguration": configuration})]


def tags(bucket, form):
    """Replace the bucket's tags; none removes them all."""
    found = [{"Key": key, "Value": value} for key, value in pairs(form, "tag")]
    if not found:
        return [("DeleteBucketTagging", {"Bucket": bucket.name})]
    return [("PutBucketTagging", {"Bucket": bucket.name, "Tagging": {"TagSet": found}})]


def website(bucket, form):
    """Serve the bucket as a website, redirect all of it, or stop."""
    kind = form.get("kind", "")
    if not kind:
        return [("DeleteBucketWebsite", {"Bucket": bucket.name})]
    if kind == "redirect":
        target = {"HostName": form.get("host", "").strip()}
        if form.get("protocol"):
            target["Protocol"] = form["protocol"]
        found = {"RedirectAllRequestsTo": target}
    else:
        found = {"IndexDocument": {"Suffix": form.get("index", "").strip()}}
        if form.get("error", "").strip():
            found["ErrorDocument"] = {"Key": form["error"].strip()}
        rules = parsed(form, "rules")
        if rules:
            found["RoutingRules"] = rules
    return checked("PutBucketWebsite", {"Bucket": bucket.name, "WebsiteConfiguration": found}, "rules")


def cors(bucket, form):
    """Set the CORS rules, given as a list or as {"CORSRules": [...]}; nothing removes them."""
    rules = parsed(form, "cors")
    if not rules:
        return [("DeleteBucketCors", {"Bucket": bucket.name})]
    configuration = rules if isinstance(rules, dict) else {"CORSRules": rules}
    return checked("PutBucketCors", {"Bucket": bucket.name, "CORSConfiguration": configuration}, "cors")


# -- lifecycle ------------------------------------------------------------------------------------


def _lifecycle_rule(form):
    """Return the rule that the small form says. Errors: FormProblem."""
    rule = {"ID": form.get("id", "").strip(), "Status": "Enabled", "Filter": {"Prefix": form.get("prefix", "")}}
    days = whole(form, "days", "Days to expire")
    noncurrent = whole(form, "noncurrent", "Days of older versions")
    abort = whole(form, "abort", "Days of unfinished uploads")
    if days:
        rule["Expiration"] = {"Days": days}
    elif form.get("markers"):
        rule["Expiration"] = {"ExpiredObjectDeleteMarker": True}
    if noncurrent:
        rule["NoncurrentVersionExpiration"] = {"NoncurrentDays": noncurrent}
    if abort:
        rule["AbortIncompleteMultipartUpload"] = {"DaysAfterInitiation": abort}
    if len(rule) == 3:
        raise FormProblem("days", "A rule does at least one of these.")
    return rule if rule["ID"] else {name: value for name, value in rule.items() if name != "ID"}


def lifecycle(bucket, form):
    """Add a rule (the small form), remove one, or replace all (the JSON)."""
    kept = (bucket.configurations.get("Lifecycle") or {}).get("Rules") or []
    if form.get("remove"):
        rules, field = [rule for rule in kept if rule.get("ID") != form["remove"]], "json"
    elif form.get("by") == "json":
        found, field = parsed(form, "json"), "json"
        rules = found.get("Rules") if isinstance(found, dict) else found
    else:
        rules, field = [*kept, _lifecycle_rule(form)], "id"
    if not rules:
        return [("DeleteBucketLifecycle", {"Bucket": bucket.name})]
    params = {"Bucket": bucket.name, "LifecycleConfiguration": {"Rules": rules}}
    return checked("PutBucketLifecycleConfiguration", params, field)


# -- logging --------------------------------------------------------------------------------------


def log_statement(bucket, target, prefix):
    """Return the statement that lets the log service write a bucket's log into another.

    Source: S3 User Guide, "Permissions for log delivery".
    """
    return {
        "Sid": f"LogsOf-{bucket.name}".replace(".", "-"),
        "Effect": "Allow",
        "Principal": {"Service": WRITER},
        "Action": "s3:PutObject",
        "Resource": f"{target.arn}/{prefix}*",
        "Condition": {
            "ArnLike": {"aws:SourceArn": bucket.arn},
            "StringEquals": {"aws:SourceAccount": bucket.account.account_id},
        },
    }


def logging(bucket, form):
    """Write the bucket's log into another bucket, and let the log service do so there; or stop."""
    name = form.get("target", "").strip()
    if not name:
        return [("PutBucketLogging", {"Bucket": bucket.name, "BucketLoggingStatus": {}})]
    prefix = form.get("log_prefix", "")
    enabled = {"TargetBucket": name, "TargetPrefix": prefix}
    act = [("PutBucketLogging", {"Bucket": bucket.name, "BucketLoggingStatus": {"LoggingEnabled": enabled}})]
    target = Bucket.objects.filter(account=bucket.account, name=name).first()
    if form.get("grant") and target is not None:
        wanted = log_statement(bucket, target, prefix)
        present = (target.policy or {}).get("Statement") or []
        present = present if isinstance(present, list) else [present]
        others = [one for one in present if one.get("Sid") != wanted["Sid"]]
        document = {"Version": "2012-10-17", **(target.policy or {}), "Statement": [*others, wanted]}
        act.insert(0, ("PutBucketPolicy", {"Bucket": name, "Policy": json.dumps(document)}))
    return act


# -- ownership and ACL ----------------------------------------------------------------------------


def ownership(bucket, form):
    """Say who owns new objects, and with it whether ACLs count."""
    rules = {"Rules": [{"ObjectOwnership": form.get("ownership") or OWNER_ENFORCED}]}
    return [("PutBucketOwnershipControls", {"Bucket": bucket.name, "OwnershipControls": rules})]


def acl(bucket, form):
    """Set the bucket's ACL to a canned one."""
    return [("PutBucketAcl", {"Bucket": bucket.name, "ACL": form.get("acl") or "private"})]


# -- who may, and who is told ---------------------------------------------------------------------


def policy(bucket, form):
    """Set the bucket's policy; an empty one removes it."""
    text = form.get("policy", "").strip()
    if not text:
        return [("DeleteBucketPolicy", {"Bucket": bucket.name})]
    return [("PutBucketPolicy", {"Bucket": bucket.name, "Policy": text})]


def public_access(bucket, form):
    """Set the four switches of block public access."""
    chosen = {name: name in form for name in BLOCK_ALL}
    return [("PutPublicAccessBlock", {"Bucket": bucket.name, "PublicAccessBlockConfiguration": chosen})]


def events(bucket, form):
    """Connect uploads to a function, or take a connection away; what queues are told stays."""
    kept = bucket.notification.get("LambdaFunctionConfigurations", [])
    if form.get("remove"):
        kept = [one for one in kept if one["Id"] != form["remove"]]
    else:
        kept = [*kept, _connection(form)]
    wanted = {**bucket.notification, "LambdaFunctionConfigurations": kept}
    params = {"Bucket": bucket.name, "NotificationConfiguration": wanted}
    return [("PutBucketNotificationConfiguration", params)]


def _connection(form):
    rules = [{"Name": kind, "Value": form[kind].strip()} for kind in ("prefix", "suffix") if form.get(kind, "").strip()]
    one = {"LambdaFunctionArn": form.get("function", "").strip(), "Events": [form.get("event") or "s3:ObjectCreated:*"]}
    return {**one, "Filter": {"Key": {"FilterRules": rules}}} if rules else one


# -- a new bucket ---------------------------------------------------------------------------------


def create(_bucket, form):
    """Make a bucket with what the form chooses: what CreateBucket cannot say follows as operations of their own."""
    name, region = form.get("name", "").strip(), form.get("region") or "us-east-1"
    asked, configuration = {"Bucket": name}, {}
    if region != "us-east-1":
        configuration["LocationConstraint"] = region
    found = [{"Key": key, "Value": value} for key, value in pairs(form, "tag")]
    if found:
        configuration["Tags"] = found
    if configuration:
        asked["CreateBucketConfiguration"] = configuration
    if form.get("ownership") and form["ownership"] != OWNER_ENFORCED:
        asked["ObjectOwnership"] = form["ownership"]
    if form.get("lock"):
        asked["ObjectLockEnabledForBucket"] = True
    act = [("CreateBucket", asked)]
    if form.get("public"):
        open_to_all = dict.fromkeys(BLOCK_ALL, False)
        act.append(("PutPublicAccessBlock", {"Bucket": name, "PublicAccessBlockConfiguration": open_to_all}))
    if form.get("versioning") == "Enabled" and not form.get("lock"):  # object lock turns it on by itself
        act += versioning(Bucket(name=name), {"status": "Enabled"})
    if form.get("algorithm", "AES256") != "AES256":
        act += encryption(Bucket(name=name), form)
    return act


OF_BUCKETS = {
    "versioning": versioning, "encryption": encryption, "lock": lock, "bucket-tags": tags, "website": website,
    "cors": cors, "lifecycle": lifecycle, "logging": logging, "ownership": ownership, "acl": acl,
    "policy": policy, "public-access": public_access, "events": events,
}  # fmt: skip

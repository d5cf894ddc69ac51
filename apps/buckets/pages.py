"""The forms of a bucket's permissions and events."""

from django.contrib import messages
from django.shortcuts import render
from django.views.decorators.http import require_POST

from apps.buckets.frames import back, own_bucket, s3, tab_frame
from playground.wire.errors import ServiceError


def permissions_shown(request, bucket):
    """Return the variables of the permissions tab."""
    return {"switches": _switches(bucket), "examples": _examples(bucket)}


def events_shown(request, bucket):
    """Return the variables of the events tab."""
    kept = bucket.notification.get("LambdaFunctionConfigurations", [])
    return {"configurations": kept, "values": request.GET.dict()}


def _switches(bucket):
    meanings = {
        "BlockPublicAcls": "Refuse new public ACLs",
        "IgnorePublicAcls": "Ignore public ACLs",
        "BlockPublicPolicy": "Refuse a bucket policy that is public",
        "RestrictPublicBuckets": "Let a public policy count for nothing outside this account",
    }
    return [{"name": name, "meaning": text, "on": bucket.blocks(name)} for name, text in meanings.items()]


def _examples(bucket):
    public = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "PublicRead",
                "Effect": "Allow",
                "Principal": "*",
                "Action": "s3:GetObject",
                "Resource": f"{bucket.arn}/*",
            }
        ],
    }
    deny = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "NobodyDeletes",
                "Effect": "Deny",
                "Principal": "*",
                "Action": "s3:DeleteObject",
                "Resource": f"{bucket.arn}/*",
            }
        ],
    }
    edge = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "LetDistributionRead",
                "Effect": "Allow",
                "Principal": {"Service": "cloudfront.amazonaws.com"},
                "Action": "s3:GetObject",
                "Resource": f"{bucket.arn}/*",
                "Condition": {
                    "StringEquals": {
                        "AWS:SourceArn": f"arn:aws:cloudfront::{bucket.account.account_id}:distribution/ID"
                    }
                },
            }
        ],
    }
    return [("A distribution may read", edge), ("Everyone may read", public), ("Nobody may delete", deny)]


@require_POST
def policy(request, name):
    """Set or remove the bucket policy; a refusal stands at the field with the text kept."""
    bucket = own_bucket(request, name)
    text = request.POST.get("policy", "").strip()
    try:
        if text:
            s3(request, bucket, "PutBucketPolicy", Policy=text)
            messages.success(request, "The policy is in force.")
        else:
            s3(request, bucket, "DeleteBucketPolicy")
            messages.success(request, "The bucket has no policy now.")
    except ServiceError as err:
        told = tab_frame(request, bucket, "permissions", **permissions_shown(request, bucket))
        told.update(policy_text=text, policy_problem=err.message)
        return render(request, "buckets/show.html", told, status=422)
    return back(bucket, tab="permissions")


@require_POST
def public_access(request, name):
    """Set the four switches of block public access."""
    bucket = own_bucket(request, name)
    chosen = {s["name"]: s["name"] in request.POST for s in _switches(bucket)}
    s3(request, bucket, "PutPublicAccessBlock", PublicAccessBlockConfiguration=chosen)
    messages.success(request, "Block Public Access is set.")
    return back(bucket, tab="permissions")


@require_POST
def events(request, name):
    """Connect the bucket's uploads to a function (and let the bucket invoke it), or take a connection away."""
    bucket = own_bucket(request, name)
    kept = bucket.notification.get("LambdaFunctionConfigurations", [])
    if request.POST.get("remove"):
        kept = [one for one in kept if one["Id"] != request.POST["remove"]]
    else:
        arn = request.POST.get("function", "").strip()
        kept = [*kept, _connection(arn, request.POST)]
        problem = _allow(request, bucket, arn)
        if problem:
            return _refused(request, bucket, problem)
    wanted = {**bucket.notification, "LambdaFunctionConfigurations": kept}  # what queues are told stays
    try:
        s3(request, bucket, "PutBucketNotificationConfiguration", NotificationConfiguration=wanted)
    except ServiceError as err:
        return _refused(request, bucket, err.fields.get("ArgumentValue") or err.message)
    messages.success(request, "The bucket's events are set.")
    return back(bucket, tab="events")


def _connection(arn, form):
    rules = [{"Name": kind, "Value": form[kind].strip()} for kind in ("prefix", "suffix") if form.get(kind, "").strip()]
    one = {"LambdaFunctionArn": arn, "Events": [form.get("event") or "s3:ObjectCreated:*"]}
    return {**one, "Filter": {"Key": {"FilterRules": rules}}} if rules else one


def _allow(request, bucket, arn):
    """Let the bucket invoke the function, as the real console does beside. Returns a problem or ""."""
    params = {
        "FunctionName": arn,
        "StatementId": f"s3-{bucket.name}"[:100].replace(".", "-"),
        "Action": "lambda:InvokeFunction",
        "Principal": "s3.amazonaws.com",
        "SourceArn": bucket.arn,
        "SourceAccount": bucket.account.account_id,
    }
    region = arn.split(":")[3] if arn.count(":") >= 6 else None
    try:
        request.aws("lambda", "AddPermission", params, region=region)
    except ServiceError as err:
        if err.code != "ResourceConflictException":  # the same statement is there already
            return err.message
    return ""


def _refused(request, bucket, problem):
    shown = {**events_shown(request, bucket), "events_problem": problem, "values": request.POST.dict()}
    told = tab_frame(request, bucket, "events", **shown)
    return render(request, "buckets/show.html", told, status=422)

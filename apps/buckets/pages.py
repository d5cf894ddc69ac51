"""The forms of a bucket's permissions and events."""

import json

from django.shortcuts import render
from django.views.decorators.http import require_POST

from apps.buckets import acts_of_buckets
from apps.buckets.frames import back, own_bucket, run, tab_frame, tell
from playground.wire.errors import ServiceError


def permissions_shown(request, bucket):
    """Return the variables of the permissions tab."""
    switches = _switches(bucket)
    on = {one["name"]: "1" for one in switches if one["on"]}
    text = {"policy": json.dumps(bucket.policy)} if bucket.policy else {}
    return {
        "switches": switches,
        "examples": _examples(bucket),
        "access_acts": acts_of_buckets.public_access(bucket, on),
        "policy_acts": acts_of_buckets.policy(bucket, text),
    }


def events_shown(request, bucket):
    """Return the variables of the events tab."""
    kept = bucket.notification.get("LambdaFunctionConfigurations", [])
    return {
        "configurations": kept,
        "values": request.GET.dict(),
        "acts": acts_of_buckets.events(bucket, {"function": "ARN", "prefix": "photos/"}),
    }


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
    act = acts_of_buckets.policy(bucket, request.POST)
    try:
        run(request, bucket, act)
    except ServiceError as err:
        told = tab_frame(request, bucket, "permissions", **permissions_shown(request, bucket))
        told.update(policy_text=request.POST.get("policy", ""), policy_problem=err.message)
        return render(request, "buckets/show.html", told, status=422)
    removed = act[0][0] == "DeleteBucketPolicy"
    tell(request, "The bucket has no policy now." if removed else "The policy is in force.")
    return back(bucket, tab="permissions")


@require_POST
def public_access(request, name):
    """Set the four switches of block public access."""
    bucket = own_bucket(request, name)
    run(request, bucket, acts_of_buckets.public_access(bucket, request.POST))
    tell(request, "Block Public Access is set.")
    return back(bucket, tab="permissions")


@require_POST
def events(request, name):
    """Connect the bucket's uploads to a function (and let the bucket invoke it), or take a connection away."""
    bucket = own_bucket(request, name)
    problem = "" if request.POST.get("remove") else _allow(request, bucket, request.POST.get("function", "").strip())
    if problem:
        return _refused(request, bucket, problem)
    try:
        run(request, bucket, acts_of_buckets.events(bucket, request.POST))
    except ServiceError as err:
        return _refused(request, bucket, err.fields.get("ArgumentValue") or err.message)
    tell(request, "The bucket's events are set.")
    return back(bucket, tab="events")


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

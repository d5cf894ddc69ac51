"""The forms of a bucket's permissions and events."""

from django.contrib import messages
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from apps.buckets.views import TABS, _examples, _switches, frame, own_bucket
from playground.wire.errors import ServiceError


def _back(bucket, tab):
    return redirect(f"{reverse('buckets:show', args=[bucket.name])}?tab={tab}")


@require_POST
def policy(request, name):
    """Set or remove the bucket policy; a refusal stands at the field with the text kept."""
    bucket = own_bucket(request, name)
    text = request.POST.get("policy", "").strip()
    try:
        if text:
            request.aws("s3", "PutBucketPolicy", {"Bucket": bucket.name, "Policy": text})
            messages.success(request, "The policy is in force.")
        else:
            request.aws("s3", "DeleteBucketPolicy", {"Bucket": bucket.name})
            messages.success(request, "The bucket has no policy now.")
    except ServiceError as err:
        told = frame(
            request, bucket=bucket, tab="permissions", tabs=TABS, switches=_switches(bucket), examples=_examples(bucket)
        )
        told.update(policy_text=text, policy_problem=err.message)
        return render(request, "buckets/show.html", told, status=422)
    return _back(bucket, "permissions")


@require_POST
def public_access(request, name):
    """Set the four switches of block public access."""
    bucket = own_bucket(request, name)
    chosen = {s["name"]: s["name"] in request.POST for s in _switches(bucket)}
    request.aws("s3", "PutPublicAccessBlock", {"Bucket": bucket.name, "PublicAccessBlockConfiguration": chosen})
    messages.success(request, "Block Public Access is set.")
    return _back(bucket, "permissions")


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
    params = {"Bucket": bucket.name, "NotificationConfiguration": {"LambdaFunctionConfigurations": kept}}
    try:
        request.aws("s3", "PutBucketNotificationConfiguration", params)
    except ServiceError as err:
        return _refused(request, bucket, err.fields.get("ArgumentValue") or err.message)
    messages.success(request, "The bucket's events are set.")
    return _back(bucket, "events")


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
    told = frame(request, bucket=bucket, tab="events", tabs=TABS)
    told.update(
        configurations=bucket.notification.get("LambdaFunctionConfigurations", []),
        events_problem=problem,
        values=request.POST.dict(),
    )
    return render(request, "buckets/show.html", told, status=422)

"""From a Host header and a port to what is meant: the console, or an AWS service and perhaps a bucket.

The port decides between console and AWS. On the AWS port a name may say the service
("lambda.us-east-1.amazonaws.com"), the bucket ("photos.s3.localhost:4566") or a bucket's website
("photos.s3-website.us-east-1.localhost:4566"); a bare host is told by the
signature's credential scope, the JSON target, the form's Action or the path.
"""

import re
from dataclasses import dataclass

from django.conf import settings

SERVICES = {
    "s3": "s3", "lambda": "lambda", "cloudfront": "cloudfront", "sts": "sts", "iam": "iam", "logs": "logs", "sqs": "sqs",
    "kms": "kms",
}  # fmt: skip
RESET = "/_playground/reset"  # POST, signed by a lab's root key: empties the lab
_TARGETS = {
    "AmazonSQS": "sqs",
    "TrentService": "kms",
}  # before the dot of x-amz-target; CloudWatch Logs is what is left
_QUEUE_PATH = re.compile(r"/\d{12}/[\w-]+(\.fifo)?/?")
_AWS_NAME = re.compile(
    r"(?:(?P<bucket>.+)\.)?(?P<service>s3|lambda|cloudfront|sts|iam|logs|sqs|kms)(?:[.-](?P<region>[a-z]{2}-[a-z]+-\d))?"
)
_WEBSITE = re.compile(r"(?P<bucket>.+)\.s3-website(?:[.-](?P<region>[a-z]{2}(?:-[a-z]+)+-\d))?")
_SCOPE = re.compile(r"(?:Credential=|^)[^/,\s]+/\d{8}/(?P<region>[^/]*)/(?P<service>[^/]+)/aws4_request")


@dataclass(slots=True, frozen=True)
class Target:
    """service: one of SERVICES, or "website". bucket: from the host name, or None. region: from the host name, or the default."""

    service: str
    bucket: str | None = None
    region: str = "us-east-1"


def _labels(host: str) -> str | None:
    """Return what stands before one of our base domains, "" for the bare domain, None for a foreign name."""
    name = host.rsplit(":", 1)[0] if not host.endswith("]") else host
    name = name.lower()
    for domain in (*settings.DOMAINS, "amazonaws.com"):
        if name == domain:
            return ""
        if name.endswith("." + domain):
            return host[: len(name) - len(domain) - 1]
    return None


def aws_target(host: str, header, first, raw_path: str) -> Target:
    """Return what a request on the AWS port means.

    header(name), first(name): read a header and a query parameter. raw_path: undecoded.
    """
    if raw_path == RESET:  # whatever service it is signed for
        return Target("s3")
    if raw_path.startswith("/v20180820/"):  # S3 Control signs as "s3", so only its path tells
        scope = _SCOPE.search(header("authorization") or "")
        return Target("s3control", None, scope["region"] if scope else "us-east-1")
    labels = _labels(host)
    if labels:
        found = _WEBSITE.fullmatch(labels)
        if found:
            return Target("website", found["bucket"], found["region"] or "us-east-1")
        found = _AWS_NAME.fullmatch(labels)
        if found:
            bucket = found["bucket"] if found["service"] == "s3" else None
            return Target(found["service"], bucket, found["region"] or "us-east-1")
    scope = _SCOPE.search(header("authorization") or "") or _SCOPE.search(first("X-Amz-Credential") or "")
    if scope:
        return Target(SERVICES.get(scope["service"], scope["service"]), None, scope["region"] or "us-east-1")
    if header("x-amz-target"):
        return Target(_TARGETS.get(header("x-amz-target").partition(".")[0], "logs"))
    form = (header("content-type") or "").startswith("application/x-www-form-urlencoded")
    if _QUEUE_PATH.fullmatch(raw_path) and (form or first("Action")):
        return Target("sqs")
    if raw_path.startswith("/2015-03-31/functions"):
        return Target("lambda")
    if raw_path.startswith("/2020-05-31/"):
        return Target("cloudfront")
    if first("Action"):
        return Target("iam" if first("Version") == "2010-05-08" else "sts")
    return Target("s3")

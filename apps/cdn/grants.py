"""May this distribution read its bucket? The bucket policy that lets it, and whether the present one does.

A private bucket is read through an origin access control: the edges sign as cloudfront.amazonaws.com, on
behalf of one distribution, which the bucket's policy names by its ARN.
Source: CloudFront guide, "Restrict access to an Amazon S3 origin".
"""

import copy
from dataclasses import dataclass

from django.conf import settings

from apps.buckets.models import Bucket
from apps.cdn.models import OriginAccessControl
from apps.cdn.plan import own_name
from apps.identity import policy

SERVICE = "cloudfront.amazonaws.com"


@dataclass(slots=True)
class Reading:
    """How a distribution reads one of its origins. bucket: None for origins that are none of this lab's buckets.

    decision: policy.Decision on s3:GetObject, None without a bucket.
    """

    domain: str
    signed: bool
    bucket: Bucket | None = None
    decision: policy.Decision | None = None


def statement(bucket, distribution_arn):
    """Return the statement that lets a distribution read a bucket."""
    return {
        "Sid": f"LetDistributionRead{distribution_arn.rpartition('/')[2]}",
        "Effect": "Allow",
        "Principal": {"Service": SERVICE},
        "Action": "s3:GetObject",
        "Resource": f"{bucket.arn}/*",
        "Condition": {"StringEquals": {"AWS:SourceArn": distribution_arn}},
    }


def granting(bucket, distribution_arn):
    """Return a bucket's policy with the statement added, once."""
    document = copy.deepcopy(bucket.policy) or {"Version": "2012-10-17", "Statement": []}
    wanted = statement(bucket, distribution_arn)
    others = [one for one in policy.listed(document["Statement"]) if one.get("Sid") != wanted["Sid"]]
    return {**document, "Statement": [*others, wanted]}


def bucket_of(domain, account):
    """Return this lab's bucket that an origin's domain name means, or None."""
    own = own_name(domain.lower(), settings.DOMAINS)
    name = own[1] if own and own[0] == "s3" else ""
    return Bucket.objects.filter(account=account, name=name).first() if name else None


def readings(distribution):
    """Return a Reading of each of a distribution's origins."""
    controls = OriginAccessControl.objects.filter(account=distribution.account)
    signing = {one.access_control_id for one in controls if one.config["SigningBehavior"] != "never"}
    found = []
    for origin in distribution.config["Origins"]["Items"]:
        reading = Reading(origin["DomainName"], (origin.get("OriginAccessControlId") or "") in signing)
        reading.bucket = bucket_of(reading.domain, distribution.account)
        if reading.bucket is not None:
            reading.decision = _decide(distribution, reading)
        found.append(reading)
    return found


def _decide(distribution, reading):
    """Return the Decision on a read of any object, by the engine that decides on the edges' requests."""
    bucket, account_id = reading.bucket, distribution.account.account_id
    document = bucket.policy
    keys = {"aws:resourceaccount": account_id, "aws:securetransport": False}
    if reading.signed:
        keys |= {"aws:sourcearn": distribution.arn, "aws:sourceaccount": account_id}
        keys["aws:principalservicename"] = SERVICE
    elif document and bucket.blocks("RestrictPublicBuckets") and policy.is_public(document):
        document = None  # Block Public Access makes a public policy count for nothing
    asked = policy.AccessRequest(
        principal_arn="",
        principal_account="",
        action="s3:GetObject",
        resource=f"{bucket.arn}/any-object",
        owner_account=account_id,
        keys=keys,
        service=SERVICE if reading.signed else "",
    )
    return policy.evaluate(asked, {}, document)

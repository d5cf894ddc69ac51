"""A distribution over a private bucket: the three calls that AWS documents for it, as their operations' dicts.

The page shows them before it makes them, so each is a function of what the form says.
"""

import json

from apps.cdn import grants

DEFAULT_POLICY = "658327ea-f89d-4fab-a63d-7e88639e58f6"  # Managed-CachingOptimized
PRICE_CLASSES = (
    ("PriceClass_All", "All edges: the shortest ways"),
    ("PriceClass_200", "Without the dearest regions"),
    ("PriceClass_100", "North America, Europe, Israel: the cheapest"),
)


def access_control(bucket, word):
    """Return CreateOriginAccessControl's dict. word: makes the name unique."""
    config = {
        "Name": f"{bucket.name[:50]}-{word}",
        "SigningProtocol": "sigv4",
        "SigningBehavior": "always",
        "OriginAccessControlOriginType": "s3",
    }
    return {"OriginAccessControlConfig": config}


def distribution(bucket, control_id, values, word):
    """Return CreateDistribution's dict. values: comment, root, policy, price_class, as the form has them."""
    origin = {
        "Id": "bucket",
        "DomainName": f"{bucket.name}.s3.{bucket.region}.amazonaws.com",
        "OriginAccessControlId": control_id,
        "S3OriginConfig": {"OriginAccessIdentity": ""},
    }
    behavior = {
        "TargetOriginId": "bucket",
        "ViewerProtocolPolicy": "allow-all",
        "CachePolicyId": values["policy"],
        "Compress": True,
    }
    config = {
        "CallerReference": word,
        "Comment": values["comment"] or bucket.name,
        "Enabled": True,
        "DefaultRootObject": values["root"],
        "PriceClass": values["price_class"],
        "Origins": {"Quantity": 1, "Items": [origin]},
        "DefaultCacheBehavior": behavior,
    }
    return {"DistributionConfig": config}


def bucket_policy(bucket, distribution_arn):
    """Return PutBucketPolicy's dict: what the policy says now, and the statement."""
    return {"Bucket": bucket.name, "Policy": json.dumps(grants.granting(bucket, distribution_arn), indent=2)}


def calls(bucket, values, account):
    """Return [{service, operation, params, why}]: the calls as they will be, ids still open."""
    arn = f"arn:aws:cloudfront::{account.account_id}:distribution/DISTRIBUTION_ID"
    return [
        {
            "service": "cloudfront",
            "operation": "CreateOriginAccessControl",
            "params": access_control(bucket, "1"),
            "why": "The edges will sign their requests to the bucket.",
        },
        {
            "service": "cloudfront",
            "operation": "CreateDistribution",
            "params": distribution(bucket, "ACCESS_CONTROL_ID", values, "1"),
            "why": "Every edge learns the new domain name and where its origin is.",
        },
        {
            "service": "s3",
            "operation": "PutBucketPolicy",
            "params": bucket_policy(bucket, arn),
            "why": "The bucket stays private and lets this one distribution read.",
        },
    ]

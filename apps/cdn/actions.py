"""Which IAM action and resource each CloudFront operation needs.

Source: Service Authorization Reference, "Actions, resources, and condition keys for Amazon CloudFront".
"""

from apps.identity.authorize import Authorization

# Operation -> (action, kind of resource, member that names it). "*" where the service takes no resource.
TABLE = {
    "CreateDistribution": ("CreateDistribution", "distribution", None),
    "CreateDistributionWithTags": ("CreateDistribution", "distribution", None),
    "GetDistribution": ("GetDistribution", "distribution", "Id"),
    "GetDistributionConfig": ("GetDistributionConfig", "distribution", "Id"),
    "ListDistributions": ("ListDistributions", None, None),
    "UpdateDistribution": ("UpdateDistribution", "distribution", "Id"),
    "DeleteDistribution": ("DeleteDistribution", "distribution", "Id"),
    "CreateInvalidation": ("CreateInvalidation", "distribution", "DistributionId"),
    "GetInvalidation": ("GetInvalidation", "distribution", "DistributionId"),
    "ListInvalidations": ("ListInvalidations", "distribution", "DistributionId"),
    "ListCachePolicies": ("ListCachePolicies", None, None),
    "GetCachePolicy": ("GetCachePolicy", "cache-policy", "Id"),
    "GetCachePolicyConfig": ("GetCachePolicyConfig", "cache-policy", "Id"),
    "CreateOriginAccessControl": ("CreateOriginAccessControl", "origin-access-control", None),
    "GetOriginAccessControl": ("GetOriginAccessControl", "origin-access-control", "Id"),
    "GetOriginAccessControlConfig": ("GetOriginAccessControlConfig", "origin-access-control", "Id"),
    "ListOriginAccessControls": ("ListOriginAccessControls", None, None),
    "UpdateOriginAccessControl": ("UpdateOriginAccessControl", "origin-access-control", "Id"),
    "DeleteOriginAccessControl": ("DeleteOriginAccessControl", "origin-access-control", "Id"),
}


def authorization(ctx, operation, request):
    """Return what a request must be allowed to do. Resources are always of the caller's own account."""
    action, kind, member = TABLE[operation]
    if kind is None or ctx.account is None:
        resource = "*"
    else:
        name = request.get(member) if member else "*"
        resource = f"arn:aws:cloudfront::{ctx.account.account_id}:{kind}/{name}"
    return Authorization(f"cloudfront:{action}", resource, owner=ctx.account)

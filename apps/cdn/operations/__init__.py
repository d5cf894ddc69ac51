"""CloudFront's operations: wire name -> function, what is partial, and what is stored without effect."""

from apps.cdn.operations import cache_policies, distributions, invalidations, origin_access_controls

OPERATIONS = {
    "CreateDistribution": distributions.create_distribution,
    "CreateDistributionWithTags": distributions.create_distribution_with_tags,
    "GetDistribution": distributions.get_distribution,
    "GetDistributionConfig": distributions.get_distribution_config,
    "ListDistributions": distributions.list_distributions,
    "UpdateDistribution": distributions.update_distribution,
    "DeleteDistribution": distributions.delete_distribution,
    "CreateInvalidation": invalidations.create_invalidation,
    "GetInvalidation": invalidations.get_invalidation,
    "ListInvalidations": invalidations.list_invalidations,
    "ListCachePolicies": cache_policies.list_cache_policies,
    "GetCachePolicy": cache_policies.get_cache_policy,
    "GetCachePolicyConfig": cache_policies.get_cache_policy_config,
    "CreateOriginAccessControl": origin_access_controls.create_origin_access_control,
    "GetOriginAccessControl": origin_access_controls.get_origin_access_control,
    "GetOriginAccessControlConfig": origin_access_controls.get_origin_access_control_config,
    "ListOriginAccessControls": origin_access_controls.list_origin_access_controls,
    "UpdateOriginAccessControl": origin_access_controls.update_origin_access_control,
    "DeleteOriginAccessControl": origin_access_controls.delete_origin_access_control,
}

_CONFIG = (
    "Edges speak plain HTTP/1.1: where a behavior wants HTTPS (https-only, redirect-to-https) a request is served and"
    " metered as the HTTPS one it would have become. Compression is gzip; a viewer that takes Brotli only gets the"
    " plain body. Origin groups, origin request and response headers policies, geo restriction, signed URLs, functions"
    " at the edge and wildcard aliases are refused, not ignored."
)
PARTIAL = {
    "CreateDistribution": _CONFIG,
    "CreateDistributionWithTags": _CONFIG,
    "UpdateDistribution": _CONFIG,
    "GetDistribution": "While the status is InProgress the answer waits up to a second for the edges.",
    "GetInvalidation": "While the status is InProgress the answer waits up to a second for the edges.",
    "ListCachePolicies": "The managed policies and Playground-RFC9111; custom ones cannot be made yet.",
    "CreateOriginAccessControl": "For S3 origins.",
    "UpdateOriginAccessControl": "For S3 origins.",
}

# Named in the answer when they are sent with another value than CloudFront's default (configuration.without_effect).
_STORED = [
    "DistributionConfig.HttpVersion",
    "DistributionConfig.IsIPV6Enabled",
    "DistributionConfig.Logging",
    "DistributionConfig.Staging",
    "DistributionConfig.ViewerCertificate",
    "DistributionConfig.WebACLId",
]
NO_EFFECT = {
    "CreateDistribution": _STORED,
    "UpdateDistribution": _STORED,
    "CreateDistributionWithTags": [*_STORED, "Tags"],
}

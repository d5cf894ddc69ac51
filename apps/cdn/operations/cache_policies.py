"""Cache policies: CloudFront's managed ones, read only, and the playground's own Playground-RFC9111."""

from datetime import datetime

from apps.cdn import errors, policies

MANAGED_ETAG = "E23ZP02F085DFQ"


def described(policy):
    """Return a policy as the wire's CachePolicy."""
    return {
        "Id": policy.id,
        "LastModifiedTime": datetime.fromisoformat(policies.MANAGED_SINCE),
        "CachePolicyConfig": policies.wire_config(policy),
    }


def list_cache_policies(ctx, request):
    """Return the policies. request: {"Type": "managed" | "custom"}; there are no custom ones yet.

    Errors: InvalidArgument.
    """
    kind = request.get("Type")
    if kind not in (None, "", "managed", "custom"):
        raise errors.InvalidArgument("The parameter Type must be managed or custom.")
    found = [] if kind == "custom" else list(policies.managed().values())
    items = [{"Type": "managed", "CachePolicy": described(policy)} for policy in found]
    answer = {"MaxItems": 100, "Quantity": len(items)}
    if items:
        answer["Items"] = items
    return {"CachePolicyList": answer}


def named(policy_id):
    policy = policies.managed().get(policy_id)
    if policy is None:
        raise errors.NoSuchCachePolicy()
    return policy


def get_cache_policy(ctx, request):
    """Return one policy. Errors: NoSuchCachePolicy."""
    return {"CachePolicy": described(named(request["Id"])), "ETag": MANAGED_ETAG}


def get_cache_policy_config(ctx, request):
    """Return one policy's settings. Errors: NoSuchCachePolicy."""
    return {"CachePolicyConfig": policies.wire_config(named(request["Id"])), "ETag": MANAGED_ETAG}

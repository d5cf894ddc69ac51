"""Tags of users, roles, managed policies and providers.

Source: IAM User Guide, "Tags for IAM resources": up to 50, whose keys differ by more than their case.
"""

from apps.identity import entities
from apps.identity.errors import InvalidInput, LimitExceeded, ValidationError
from apps.identity.operations import shown

MOST = 50


def read(tags):
    """Return {key: value} of a request's Tags. Errors: InvalidInput, ValidationError."""
    found = {one["Key"]: one["Value"] for one in tags or ()}
    if len({key.lower() for key in found}) != len(tags or ()):
        raise InvalidInput("Duplicate tag keys found. Please note that Tag keys are case insensitive.")
    _refuse_reserved(found)
    return found


def _refuse_reserved(keys):
    if any(key.lower().startswith("aws:") for key in keys):
        raise ValidationError("Tag keys starting with aws: are reserved for system use")


def _tag(row, request):
    told = read(request["Tags"])
    merged = {key: value for key, value in row.tags.items() if key.lower() not in {new.lower() for new in told}} | told
    if len(merged) > MOST:
        raise LimitExceeded(f"The number of tags has reached the maximum limit: {MOST}.")
    row.tags = merged
    row.save(update_fields=["tags"])
    return {}


def _untag(row, request):
    _refuse_reserved(request["TagKeys"])
    gone = {key.lower() for key in request["TagKeys"]}
    row.tags = {key: value for key, value in row.tags.items() if key.lower() not in gone}
    row.save(update_fields=["tags"])
    return {}


def _list(row, request):
    return shown.page(request, shown.tags(row.tags), "Tags", key=lambda tag: tag["Key"])


def tag_entity(ctx, request):
    """Add or replace tags of a user or role. Source: IAM API Reference, TagUser, TagRole."""
    return _tag(entities.of_request(ctx, request), request)


def untag_entity(ctx, request):
    """Remove tags of a user or role. Source: IAM API Reference, UntagUser, UntagRole."""
    return _untag(entities.of_request(ctx, request), request)


def list_entity_tags(ctx, request):
    """List the tags of a user or role. Source: IAM API Reference, ListUserTags, ListRoleTags."""
    return _list(entities.of_request(ctx, request), request)


def tag_policy(ctx, request):
    """Add or replace tags of a managed policy. Source: IAM API Reference, TagPolicy."""
    return _tag(entities.own(ctx, request["PolicyArn"]), request)


def untag_policy(ctx, request):
    """Remove tags of a managed policy. Source: IAM API Reference, UntagPolicy."""
    return _untag(entities.policy(ctx, request["PolicyArn"]), request)


def list_policy_tags(ctx, request):
    """List the tags of a managed policy; AWS's own have none. Source: IAM API Reference, ListPolicyTags."""
    row = entities.policy(ctx, request["PolicyArn"])
    return _list(row, request) if hasattr(row, "tags") else {"Tags": [], "IsTruncated": False}


def tag_provider(ctx, request):
    """Add or replace tags of an OIDC provider. Source: IAM API Reference, TagOpenIDConnectProvider."""
    return _tag(entities.provider(ctx, request["OpenIDConnectProviderArn"]), request)


def untag_provider(ctx, request):
    """Remove tags of an OIDC provider. Source: IAM API Reference, UntagOpenIDConnectProvider."""
    return _untag(entities.provider(ctx, request["OpenIDConnectProviderArn"]), request)


def list_provider_tags(ctx, request):
    """List the tags of an OIDC provider. Source: IAM API Reference, ListOpenIDConnectProviderTags."""
    return _list(entities.provider(ctx, request["OpenIDConnectProviderArn"]), request)

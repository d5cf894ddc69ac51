"""OIDC providers: kept and shown; nobody from outside can be asked for a token here.

Source: IAM API Reference, CreateOpenIDConnectProvider and its like.
"""

from apps.identity import entities
from apps.identity.errors import EntityAlreadyExists, InvalidInput, quota
from apps.identity.models import OidcProvider
from apps.identity.operations import shown, tagging

MOST, MOST_CLIENTS, MOST_THUMBPRINTS = 100, 100, 5


def create_provider(ctx, request):
    """Make a provider. request: {"Url", "ClientIDList", "ThumbprintList", "Tags"}

    Errors: EntityAlreadyExists, InvalidInput, LimitExceeded.
    """
    url = request["Url"]
    if not url.startswith(("https://", "http://")):
        raise InvalidInput("Invalid Open ID Connect Provider URL")
    rows = ctx.account.oidc_providers
    row = OidcProvider(account=ctx.account, url=url.removeprefix("https://").rstrip("/"), created_at=ctx.now)
    if any(other.arn == row.arn for other in rows.select_related("account")):
        raise EntityAlreadyExists("Provider with url " + url + " already exists.")
    if rows.count() >= MOST:
        raise quota("OpenIdConnectProvidersPerAccount", MOST)
    row.client_ids, row.thumbprints = request.get("ClientIDList") or [], request.get("ThumbprintList") or []
    row.tags = tagging.read(request.get("Tags"))
    _refuse_too_many(row)
    row.save()
    return {"OpenIDConnectProviderArn": row.arn} | ({"Tags": shown.tags(row.tags)} if row.tags else {})


def _refuse_too_many(row):
    if len(row.client_ids) > MOST_CLIENTS:
        raise quota("ClientIdsPerOpenIdConnectProvider", MOST_CLIENTS)
    if len(row.thumbprints) > MOST_THUMBPRINTS:
        raise InvalidInput(f"Thumbprint list must contain fewer than {MOST_THUMBPRINTS} entries.")


def get_provider(ctx, request):
    """Return a provider."""
    row = entities.provider(ctx, request["OpenIDConnectProviderArn"])
    return {
        "Url": row.url,
        "ClientIDList": row.client_ids,
        "ThumbprintList": row.thumbprints,
        "CreateDate": row.created_at,
        "Tags": shown.tags(row.tags),
    }


def list_providers(ctx, _request):
    """List the providers' ARNs."""
    rows = ctx.account.oidc_providers.select_related("account")
    return {"OpenIDConnectProviderList": [{"Arn": arn} for arn in sorted(row.arn for row in rows)]}


def delete_provider(ctx, request):
    """Delete a provider. Errors: NoSuchEntity."""
    entities.provider(ctx, request["OpenIDConnectProviderArn"]).delete()
    return {}


def add_client(ctx, request):
    """Add a client id; one that is there already changes nothing."""
    row = entities.provider(ctx, request["OpenIDConnectProviderArn"])
    if request["ClientID"] not in row.client_ids:
        row.client_ids = [*row.client_ids, request["ClientID"]]
    _refuse_too_many(row)
    row.save(update_fields=["client_ids"])
    return {}


def remove_client(ctx, request):
    """Remove a client id; one that is not there changes nothing."""
    row = entities.provider(ctx, request["OpenIDConnectProviderArn"])
    row.client_ids = [one for one in row.client_ids if one != request["ClientID"]]
    row.save(update_fields=["client_ids"])
    return {}


def update_thumbprints(ctx, request):
    """Replace all thumbprints."""
    row = entities.provider(ctx, request["OpenIDConnectProviderArn"])
    row.thumbprints = request["ThumbprintList"]
    _refuse_too_many(row)
    row.save(update_fields=["thumbprints"])
    return {}

"""Which IAM action each STS operation needs: GetCallerIdentity needs none, as documented."""


def authorization(_ctx, _operation, _request):
    """Return nothing to authorise: even a denied caller may ask who they are."""
    return []

"""STS's operations by their wire names."""

from apps.identity.operations import assuming, callers

OPERATIONS = {
    "AssumeRole": assuming.assume_role,
    "GetAccessKeyInfo": assuming.get_access_key_info,
    "GetCallerIdentity": callers.get_caller_identity,
    "GetFederationToken": assuming.get_federation_token,
    "GetSessionToken": assuming.get_session_token,
}
PARTIAL: dict[str, str] = {
    "AssumeRole": "There is no multi-factor authentication. `SourceIdentity` is checked by the trust policy and not "
    "carried into later requests.",
    "GetAccessKeyInfo": "Of temporary keys it knows the caller's own only.",
    "GetSessionToken": "There is no multi-factor authentication.",
}
NO_EFFECT: dict[str, list[str]] = {"AssumeRole": ["ProvidedContexts", "MinimumSessionTokenSize"]}

"""STS's operations."""

from . import callers

OPERATIONS = {"GetCallerIdentity": callers.get_caller_identity}
PARTIAL: dict[str, str] = {}
NO_EFFECT: dict[str, list[str]] = {}

"""Policy documents as requests bring them: read, checked, refused in IAM's words."""

import json

from apps.identity import entities, identity_validation
from apps.identity.errors import LimitExceeded, MalformedPolicyDocument
from apps.identity.policy import Malformed


def identity(text):
    """Return an identity policy's document. Errors: MalformedPolicyDocument."""
    try:
        return identity_validation.parse_identity(text)
    except Malformed as err:
        raise MalformedPolicyDocument(str(err)) from None


def inline(entity, name, text):
    """Return a document that is to become an inline policy. Errors: MalformedPolicyDocument, LimitExceeded.

    All inline policies of one user, group or role share a quota, white space aside.
    """
    found = identity(text)
    limit = identity_validation.LIMITS[entity.kind]
    others = [one for other, one in entity.policies.items() if other != name]
    if identity_validation.size(text) + sum(compact_size(one) for one in others) > limit:
        raise LimitExceeded(f"Maximum policy size of {limit} bytes exceeded for {entity.kind} {entity.name}")
    return found


def managed(text):
    """Return a managed policy's document. Errors: MalformedPolicyDocument, LimitExceeded."""
    found = identity(text)
    if identity_validation.size(text) > identity_validation.LIMITS["managed"]:
        raise LimitExceeded(f"Cannot exceed quota for PolicySize: {identity_validation.LIMITS['managed']}")
    return found


def trust(text):
    """Return a trust policy's document. Errors: MalformedPolicyDocument, LimitExceeded."""
    try:
        found = identity_validation.parse_trust(text, entities.exists)
    except Malformed as err:
        raise MalformedPolicyDocument(str(err)) from None
    limit = identity_validation.LIMITS["trust"]
    if identity_validation.size(text) > limit:
        raise LimitExceeded(f"Cannot exceed quota for ACLSizePerRole: {limit}")
    return found


def compact_size(document):
    return identity_validation.size(json.dumps(document, separators=(",", ":")))

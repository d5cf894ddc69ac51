"""Key policies: what the service takes, and the check that nobody locks themselves out.

Source: AWS KMS API Reference, PutKeyPolicy; KMS Developer Guide, "Key policies".
"""

from apps.identity import policy
from apps.kms import authority, errors

MOST_BYTES = 32 * 1024


def read(text):
    """Return a policy's text if the service takes it. Errors: MalformedPolicyDocumentException, LimitExceeded."""
    if len(text.encode()) > MOST_BYTES:
        raise errors.LimitExceeded("The policy document exceeds the maximum length of 32768 bytes.")
    try:
        document = policy.parse(text)
        # A statement without Action or Resource is taken and has no effect; validated as if it had both.
        if "Statement" in document:
            document = {**document, "Statement": [_whole(one) for one in policy.statements(document)]}
        policy.validate(document, bucket=False)
    except policy.Malformed as err:
        raise errors.MalformedPolicy(str(err)) from None
    return text


def _whole(statement):
    if not isinstance(statement, dict):
        return statement
    missing = {
        name: value
        for name, value in (("Action", "kms:*"), ("Resource", "*"))
        if name not in statement and f"Not{name}" not in statement
    }
    return {**statement, **missing}


def check_not_locked_out(ctx, key):
    """Refuse a policy under which the caller could not put another. key: with the new policy, saved or not."""
    if not authority.decide(ctx, key, "PutKeyPolicy").allowed:
        raise errors.MalformedPolicy("The new key policy will not allow you to update the key policy in the future.")

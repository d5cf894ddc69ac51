"""Function names as clients write them: a name, a partial ARN, an ARN, each with or without qualifier."""

import re
from dataclasses import dataclass

from .errors import ResourceNotFound, not_found, out_of_bounds
from .models import Function

REFERENCE = re.compile(
    r"^(?:(?:arn:aws[a-zA-Z-]*:lambda:)?(?:(?P<region>[a-z]{2}(?:-[a-z]+)+-\d):)?(?:(?P<account>\d{12}):)?function:)?"
    r"(?P<name>[a-zA-Z0-9-_]+)(?::(?P<qualifier>\$LATEST|[a-zA-Z0-9-_]+))?$"
)
PATTERN = (
    r"(arn:(aws[a-zA-Z-]*)?:lambda:)?([a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:)?(\d{12}:)?(function:)?"
    r"([a-zA-Z0-9-_]+)(:(\$LATEST|[a-zA-Z0-9-_]+))?"
)


@dataclass(frozen=True)
class Reference:
    """Where a function is, whoever asks. qualifier: "" when none was said."""

    account_id: str
    region: str
    name: str
    qualifier: str = ""

    @property
    def arn(self):
        return f"arn:aws:lambda:{self.region}:{self.account_id}:function:{self.name}"


def parse(ctx, text, qualifier=None):
    """Return the Reference that a client means. Raises ValidationException.

    >>> class C: region, account = "us-east-1", type("A", (), {"account_id": "1" * 12})
    >>> parse(C, "thumbs").arn
    'arn:aws:lambda:us-east-1:111111111111:function:thumbs'
    >>> parse(C, "222222222222:function:thumbs:$LATEST")
    Reference(account_id='222222222222', region='us-east-1', name='thumbs', qualifier='$LATEST')
    """
    match = REFERENCE.match(text or "")
    if not match or len(match["name"]) > 64:
        raise out_of_bounds(text, "functionName", f"Member must satisfy regular expression pattern: {PATTERN}")
    own = ctx.account.account_id if ctx.account else ""
    found = Reference(
        match["account"] or own, match["region"] or ctx.region, match["name"], match["qualifier"] or qualifier or ""
    )
    if found.region != ctx.region:
        raise ResourceNotFound(f"Functions from '{found.region}' are not reachable in this region ('{ctx.region}')")
    return found


def of_arn(arn):
    """Return the Reference of a full ARN."""
    _arn, _aws, _lambda, region, account_id, _function, name, *qualifier = arn.split(":")
    return Reference(account_id, region, name, "".join(qualifier))


def find(reference):
    """Return the Function of a reference. Raises ResourceNotFoundException."""
    function = (
        Function.objects.select_related("account")
        .filter(account__account_id=reference.account_id, region=reference.region, name=reference.name)
        .first()
    )
    if function is None:
        raise not_found(reference.arn)
    if reference.qualifier not in ("", "$LATEST"):
        raise not_found(f"{reference.arn}:{reference.qualifier}")
    return function


def resolve(ctx, text, qualifier=None):
    """Return the Function that a client names."""
    return find(parse(ctx, text, qualifier))

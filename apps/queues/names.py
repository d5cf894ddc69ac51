"""Queue names, addresses and ARNs, and the queue that a request means.

A queue's URL is where the client reached us, its account and its name: http://localhost:4566/000000000000/jobs.
Any host is understood; "sqs.<region>." in it says the region, else the request's own region counts.
"""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings

from .errors import InvalidAddress, InvalidParameterValue, QueueDoesNotExist
from .models import Queue

NAME = re.compile(r"[A-Za-z0-9_-]{1,80}|[A-Za-z0-9_-]{1,75}\.fifo")
PATH = re.compile(r"/(?P<account>\d{12})/(?P<name>[\w.-]+)/?")
REGION = re.compile(r"(?:^|\.)([a-z]{2}(?:-[a-z]+)+-\d)\.")
ARN = re.compile(r"arn:aws:sqs:(?P<region>[a-z0-9-]+):(?P<account>\d{12}):(?P<name>[\w.-]{1,80})")


@dataclass(frozen=True)
class Reference:
    """Where a queue is, whoever asks."""

    account_id: str
    region: str
    name: str

    @property
    def arn(self):
        return f"arn:aws:sqs:{self.region}:{self.account_id}:{self.name}"


def check(name):
    """Refuse a name that no queue may have."""
    if not NAME.fullmatch(name):
        raise InvalidParameterValue(
            "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length"
        )


def url(ctx, queue):
    """Return a queue's URL as the caller reaches us."""
    if ctx.via != "aws" or not ctx.host:
        return url_for(queue)
    return f"{ctx.scheme}://{ctx.host}/{queue.account.account_id}/{queue.name}"


def url_for(queue):
    """Return a queue's URL for somebody on this machine: what the console shows."""
    return f"http://localhost:{settings.AWS_PORT}/{queue.account.account_id}/{queue.name}"


def of_url(ctx, text):
    """Return the Reference of a queue's URL. Errors: InvalidAddress."""
    parts = urlsplit(text or "")
    found = PATH.fullmatch(parts.path)
    if not found:
        raise InvalidAddress(f"The address {text} is not valid for this endpoint.")
    where = REGION.search(parts.hostname or "")
    return Reference(found["account"], where[1] if where else ctx.region, found["name"])


def of_arn(arn):
    """Return the Reference of an ARN, None when it is no queue's.

    >>> of_arn("arn:aws:sqs:us-east-1:000000000000:jobs.fifo").name
    'jobs.fifo'
    """
    found = ARN.fullmatch(arn or "")
    return Reference(found["account"], found["region"], found["name"]) if found else None


def lookup(reference):
    """Return the Queue of a Reference, or None."""
    if reference is None:
        return None
    return (
        Queue.objects.select_related("account")
        .filter(account__account_id=reference.account_id, region=reference.region, name=reference.name)
        .first()
    )


def queue_of(ctx, request):
    """Return the Queue that a request names by its URL, loaded once a request. Errors: QueueDoesNotExist."""
    reference = of_url(ctx, request["QueueUrl"])
    queue = ctx.found.get(reference)
    if queue is None:
        queue = lookup(reference)
        if queue is None:
            raise QueueDoesNotExist()
        ctx.found[reference] = queue
    return queue

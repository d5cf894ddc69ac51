"""What all three batch operations check of their entries, and how they answer."""

import re

from apps.queues.errors import BatchEntryIdsNotDistinct, EmptyBatchRequest, InvalidBatchEntryId, TooManyEntries
from playground.wire.errors import ServiceError
from playground.wire.overlay import QUERY_CODES

MOST = 10
ID = re.compile(r"[A-Za-z0-9_-]{1,80}")


def entries(request, kind):
    """Return the entries of a batch. kind: the entry's name, which an empty batch is refused with.

    Errors: EmptyBatchRequest, TooManyEntriesInBatchRequest, InvalidBatchEntryId, BatchEntryIdsNotDistinct.
    """
    found = request.get("Entries") or []
    if not found:
        raise EmptyBatchRequest(f"There should be at least one {kind} in the request.")
    if len(found) > MOST:
        raise TooManyEntries(f"Maximum number of entries per request are {MOST}. You have sent {len(found)}.")
    seen = set()
    for one in found:
        if not ID.fullmatch(one.get("Id") or ""):
            raise InvalidBatchEntryId()
        if one["Id"] in seen:
            raise BatchEntryIdsNotDistinct(f"Id {one['Id']} repeated.")
        seen.add(one["Id"])
    return found


def failed(entry, err):
    """Return a refusal as an entry of `Failed`. err: ServiceError."""
    return {"Id": entry["Id"], "SenderFault": err.status < 500, "Code": spoken(err), "Message": err.message}


def spoken(err):
    """Return an error's code as batches say it: that of the query protocol, whatever the request spoke."""
    return QUERY_CODES["sqs"].get(err.code, err.code)


def each(request, kind, act):
    """Run act(entry) for every entry; return {"Successful", "Failed"} of what needs no more than the id."""
    done, refused = [], []
    for entry in entries(request, kind):
        try:
            act(entry)
            done.append({"Id": entry["Id"]})
        except ServiceError as err:
            refused.append(failed(entry, err))
    return answer(done, refused)


def answer(done, refused):
    """Return a batch's answer; an empty list is left out, as the service does."""
    found = {"Successful": done, "Failed": refused}
    return {name: rows for name, rows in found.items() if rows}

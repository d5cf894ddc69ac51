"""The life of an invocation: accepted, queued, running, succeeded or failed.

The row is the truth; a Celery message only wakes a worker, a Redis list only carries the answer to a
caller who waits. Each change is an UPDATE that names the state it expects, so whoever comes second
changes nothing. An accepted asynchronous event is a committed row before it is acknowledged; the
sweeper sends again what was lost and takes back what a dead worker held.
"""

import base64
import json
import logging
import time
import uuid
from datetime import timedelta

import redis
from django.conf import settings
from django.db import transaction
from django.db.models import Q

from apps.identity.models import Account
from playground import clock
from playground.celery import app

from .errors import InvalidRequestContent
from .models import Invocation, Node

log = logging.getLogger(__name__)
Kind, State = Invocation.Kind, Invocation.State
RETRIES = 2  # of an asynchronous event whose function failed
RETRY_MINUTES = (1, 2)
EVENT_HOURS = 6  # the longest an asynchronous event waits for a sandbox that works
REPLY_SECONDS = 60  # an answer nobody fetched is forgotten after this
LOOK_SECONDS = 2
RESEND_SECONDS = 10  # a queued row is announced again when nobody took it for this long
NODE_SECONDS = 20  # a worker that was not seen for this long is dead
KEPT_DAYS = 7
PRUNE_ROWS = 500

_redis = redis.Redis.from_url(settings.REDIS_URL)


def accept(function, event, kind, *, invocation_id=None, source="lambda:Invoke", source_arn="", client_context=""):
    """Write down an event for a function; return the Invocation. The caller's transaction commits it."""
    now = clock.now(function.account)
    invocation = Invocation.objects.create(
        invocation_id=invocation_id or str(uuid.uuid4()),
        account=function.account,
        function=function,
        function_name=function.name,
        kind=kind,
        source=source,
        source_arn=source_arn,
        event=event,
        client_context=client_context,
        memory_mib=function.memory_mib,
        accepted_at=now,
        due_at=now,
        sent_at=clock.real_now(),
    )
    transaction.on_commit(lambda: nudge(invocation.invocation_id))
    return invocation


def decoded_context(text):
    """Return a ClientContext as the runtime wants it: the JSON inside the base64. Raises InvalidRequestContentException."""
    if not text:
        return ""
    try:
        decoded = base64.b64decode(text, validate=True).decode()
        json.loads(decoded)
    except (ValueError, RecursionError):
        raise InvalidRequestContent("Client context must be a valid Base64-encoded JSON object.") from None
    return " ".join(decoded.split())  # it travels in a header


def nudge(invocation_id):
    """Tell the workers that there is something to do. If the message is lost, the sweeper repeats it."""
    try:
        app.send_task("apps.functions.tasks.run_invocation", args=[invocation_id], ignore_result=True)
    except (redis.RedisError, OSError, app.connection_for_write().connection_errors) as error:
        log.warning("invocation %s waits for the sweeper: %s", invocation_id, error)


def claim(invocation_id, boot):
    """Take a queued invocation for this worker; return it, or None when another did."""
    taken = Invocation.objects.filter(invocation_id=invocation_id, state=State.QUEUED).update(
        state=State.RUNNING, node=settings.NODE, boot=boot
    )
    if not taken:
        return None
    invocation = Invocation.objects.select_related("function__account").get(invocation_id=invocation_id)
    if invocation.function:
        invocation.account = invocation.function.account  # the same row: saves a join on the hot path
    return invocation


def finish(invocation, **results):
    """Write the end of a running invocation; return whether it was still ours to end."""
    failed = bool(results.get("function_error"))
    return _leave_running(
        invocation,
        state=State.FAILED if failed else State.SUCCEEDED,
        finished_at=clock.now(invocation.account),
        **results,
    )


def retry_later(invocation, **results):
    """An asynchronous function failed: try again after one and then two minutes of the lab's time.

    Returns False when it had its three tries.
    """
    if invocation.kind != Kind.ASYNCHRONOUS or invocation.attempt >= RETRIES:
        return False
    due = clock.now(invocation.account) + timedelta(minutes=RETRY_MINUTES[invocation.attempt])
    return _leave_running(
        invocation, state=State.QUEUED, attempt=invocation.attempt + 1, due_at=due, sent_at=None, **results
    )


def give_back(invocation, why):
    """Our side failed: an asynchronous event goes back to the queue, a waiting caller gets an error."""
    now = clock.now(invocation.account)
    patient = invocation.accepted_at > now - timedelta(hours=EVENT_HOURS)
    if invocation.kind == Kind.ASYNCHRONOUS and invocation.function and patient:
        due = now + timedelta(seconds=5)
        return _leave_running(invocation, state=State.QUEUED, due_at=due, sent_at=None, log_tail=why)
    return _leave_running(invocation, state=State.FAILED, error_type="Sandbox", log_tail=why, finished_at=now)


def _leave_running(invocation, **changes):
    return bool(
        Invocation.objects.filter(pk=invocation.pk, state=State.RUNNING, boot=invocation.boot).update(**changes)
    )


# -- the answer to a caller who waits -------------------------------------------------------------


def _reply_key(invocation_id):
    return f"functions:reply:{invocation_id}"


def reply(invocation_id, head, payload=b""):
    """Send a waiting caller its answer. head: JSON-ready dict of what is not the payload."""
    key = _reply_key(invocation_id)
    try:
        with _redis.pipeline(transaction=False) as pipe:
            pipe.lpush(key, json.dumps(head).encode() + b"\n" + payload)
            pipe.expire(key, REPLY_SECONDS)
            pipe.execute()
    except redis.RedisError as error:
        log.warning("the answer of %s did not reach its caller: %s", invocation_id, error)


def wait(invocation_id, seconds):
    """Return (head, payload) when the worker has answered, None when the time is over.

    Every other second the row is asked as well: a Redis that lost the message or the answer costs
    time, not the result.
    """
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        try:
            found = _redis.blpop([_reply_key(invocation_id)], timeout=min(left, LOOK_SECONDS))
        except redis.RedisError:
            found = None
            time.sleep(0.2)
        if found is not None:
            head, _, payload = found[1].partition(b"\n")
            return json.loads(head), payload
        kept = _kept_answer(invocation_id)
        if kept is not None:
            return kept
    return None


def _kept_answer(invocation_id):
    """Return the answer that a finished row holds; announce a row again that nobody took."""
    row = Invocation.objects.filter(invocation_id=invocation_id).first()
    if row is None or row.state == State.QUEUED:
        nudge(invocation_id)
        return None
    if row.state == State.RUNNING:
        return None
    if row.error_type == "Sandbox":
        return {"failed": row.log_tail}, b""
    return {"function_error": row.function_error, "log_tail": row.log_tail, "phases": row.phases}, bytes(row.result)


def abandon(invocation_id):
    """A caller gave up: what has not begun shall not begin."""
    Invocation.objects.filter(invocation_id=invocation_id, state=State.QUEUED).update(
        state=State.FAILED, error_type="Sandbox", log_tail="no worker took it in time", finished_at=clock.real_now()
    )


# -- sweeping -------------------------------------------------------------------------------------


def live_boots():
    """Return the lives of workers that were seen a moment ago."""
    since = clock.real_now() - timedelta(seconds=NODE_SECONDS)
    return list(Node.objects.filter(seen_at__gte=since).values_list("boot", flat=True))


def take_back():
    """Give back what workers held that live no more; return how many."""
    lost = Invocation.objects.filter(state=State.RUNNING).exclude(boot__in=live_boots()).select_related("account")
    count = 0
    for invocation in lost[:1000]:
        if give_back(invocation, "the worker ended before the invocation did"):
            count += 1
            if invocation.kind == Kind.SYNCHRONOUS:
                reply(invocation.invocation_id, {"failed": "the worker ended before the invocation did"})
    return count


def send_due():
    """Announce queued invocations whose time has come, in each lab's own time."""
    waiting = Invocation.objects.filter(state=State.QUEUED, kind=Kind.ASYNCHRONOUS)
    stale = clock.real_now() - timedelta(seconds=RESEND_SECONDS)
    for account in Account.objects.filter(pk__in=waiting.values("account").distinct()):
        due = waiting.filter(Q(sent_at=None) | Q(sent_at__lt=stale), account=account, due_at__lte=clock.now(account))
        for invocation_id in due.order_by("due_at").values_list("invocation_id", flat=True)[:500]:
            Invocation.objects.filter(invocation_id=invocation_id).update(sent_at=clock.real_now())
            nudge(invocation_id)


def prune():
    """Forget finished invocations after a week, a few hundred at a time."""
    before = clock.real_now() - timedelta(days=KEPT_DAYS)
    old = Invocation.objects.filter(state__in=(State.SUCCEEDED, State.FAILED), accepted_at__lt=before)
    Invocation.objects.filter(pk__in=list(old.values_list("pk", flat=True)[:PRUNE_ROWS])).delete()

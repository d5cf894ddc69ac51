"""The life of a message: put into a queue, received, hidden, deleted, or moved to the dead letters.

The row is the truth. Each act is one transaction, and each change names the state it expects: a receive is
UPDATE ... WHERE the message is as it was seen, so of two receivers one gets it, in whatever process they run.
What needs an order (a FIFO queue's sequence, its groups, its deduplication) happens under the queue's row.
Source: Amazon SQS Developer Guide, "Visibility timeout", "FIFO delivery logic", "Dead-letter queues".
"""

import base64
import binascii
import secrets
from datetime import timedelta

from django.db import IntegrityError, transaction
from django.db.models import Exists, F, OuterRef

from . import attributes, names, waiting
from .errors import MessageNotInflight, OverLimit, QueueDoesNotExist, ReceiptHandleIsInvalid, bad_value
from .models import Deduplication, Message, Queue, new_message_id

DEDUPLICATION = timedelta(minutes=5)
ATTEMPT = timedelta(minutes=5)  # how long a ReceiveRequestAttemptId is good for
MOST_IN_FLIGHT = 120_000
LONGEST_SECONDS = 43200  # a message is hidden at most this long after it was received
SPARE = 10  # candidates beyond those asked for: some may be taken by others, or be dead letters
FIRST_SEQUENCE = 18_870_000_000_000_000_000  # sequence numbers have 20 digits


# -- sending --------------------------------------------------------------------------------------


def put(queue, drafts, now, sender_id):
    """Write drafts into a queue in one transaction. Returns [(message id, sequence)] in their order.

    A FIFO queue answers a duplicate with the message it is a duplicate of. Errors: QueueDoesNotExist (deleted
    this moment).
    """
    try:
        with transaction.atomic():
            done = (
                _put_in_order(queue, drafts, now, sender_id) if queue.is_fifo else _put(queue, drafts, now, sender_id)
            )
            transaction.on_commit(lambda: waiting.nudge(queue.pk, len(drafts)))
            return done
    except IntegrityError:
        raise QueueDoesNotExist() from None


def _row(queue, draft, now, sender_id, sequence=0):
    return Message(
        queue=queue,
        message_id=new_message_id(),
        body=draft.body,
        attributes=draft.attributes,
        trace_header=draft.trace_header,
        size_bytes=draft.size_bytes,
        sender_id=sender_id,
        sent_at=now,
        visible_at=now + timedelta(seconds=draft.delay_seconds),
        group_id=draft.group_id,
        deduplication_id=draft.deduplication_id,
        sequence=sequence,
    )


def _put(queue, drafts, now, sender_id):
    rows = Message.objects.bulk_create([_row(queue, draft, now, sender_id) for draft in drafts])
    return [(row.message_id, 0) for row in rows]


def _put_in_order(queue, drafts, now, sender_id):
    locked = Queue.objects.select_for_update().filter(pk=queue.pk).first()
    if locked is None:
        raise QueueDoesNotExist()
    by_group = attributes.value(queue, "DeduplicationScope") == "messageGroup"
    done = []
    for draft in drafts:
        scope = draft.group_id if by_group else ""
        seen = Deduplication.objects.filter(
            queue=queue, scope=scope, deduplication_id=draft.deduplication_id, until__gt=now
        ).first()
        if seen:
            done.append((seen.message_id, seen.sequence))
            continue
        locked.sequence += 1
        row = _row(queue, draft, now, sender_id, locked.sequence)
        row.save(force_insert=True)
        Deduplication.objects.update_or_create(
            queue=queue,
            scope=scope,
            deduplication_id=draft.deduplication_id,
            defaults={"message_id": row.message_id, "sequence": row.sequence, "until": now + DEDUPLICATION},
        )
        done.append((row.message_id, row.sequence))
    locked.save(update_fields=["sequence"])
    return done


def sequence_number(sequence):
    """Return a SequenceNumber as the service writes it."""
    return str(FIRST_SEQUENCE + sequence)


# -- which are there ------------------------------------------------------------------------------


def alive(queue, now):
    """Return the messages that the retention period has not ended."""
    kept = timedelta(seconds=attributes.number(queue, "MessageRetentionPeriod"))
    return Message.objects.filter(queue=queue, sent_at__gt=now - kept)


def due(queue, now):
    """Return the messages that may be received now, in the order they are handed out.

    In a FIFO queue a message waits for every earlier one of its group that is hidden or delayed.
    """
    found = alive(queue, now).filter(visible_at__lte=now)
    if not queue.is_fifo:
        return found.order_by("visible_at", "pk")
    earlier = alive(queue, now).filter(
        group_id=OuterRef("group_id"), sequence__lt=OuterRef("sequence"), visible_at__gt=now
    )
    return found.filter(~Exists(earlier)).order_by("sequence")


def counts(queue, now):
    """Return the three ApproximateNumberOf... attributes."""
    found = alive(queue, now)
    hidden = found.filter(visible_at__gt=now)
    return {
        "ApproximateNumberOfMessages": found.filter(visible_at__lte=now).count(),
        "ApproximateNumberOfMessagesNotVisible": hidden.exclude(receipt="").count(),
        "ApproximateNumberOfMessagesDelayed": hidden.filter(receipt="").count(),
    }


# -- receiving ------------------------------------------------------------------------------------


def receive(queue, now, *, most=1, visibility_seconds=30, attempt_id=""):
    """Hand out up to `most` messages and hide them; return their rows, as they are after it.

    attempt_id: of a FIFO queue; the same one again within five minutes gets the same messages and receipts.
    Errors: OverLimit (too many in flight).
    """
    if not attempt_id and not due(queue, now).exists():
        return []  # a poll that finds nothing takes no lock
    with transaction.atomic():
        if queue.is_fifo:
            Queue.objects.select_for_update().filter(pk=queue.pk).first()
            again = _again(queue, now, attempt_id, visibility_seconds)
            if again:
                return again
        _check_limit(queue, now)
        taken = []
        while not taken:
            candidates = list(due(queue, now)[: most + SPARE])
            buried = _take(queue, candidates, now, most, visibility_seconds, attempt_id, taken)
            if not buried:
                break
    return taken


def _take(queue, candidates, now, most, visibility_seconds, attempt_id, taken):
    """Claim candidates into `taken`; return whether some went to the dead letters instead."""
    letters = attributes.redrive(queue)
    target = names.lookup(names.of_arn(letters[0])) if letters else None
    buried, changed_groups = False, set()
    for message in candidates:
        if len(taken) == most:
            break
        if queue.is_fifo and message.group_id in changed_groups:
            continue  # what stood before it in the group changed this moment
        if target and message.received_here >= letters[1]:
            buried = bury(message, queue, target, now) or buried
        elif _claim(message, now, visibility_seconds, attempt_id):
            taken.append(message)
        else:
            changed_groups.add(message.group_id)
    return buried


def _claim(message, now, visibility_seconds, attempt_id):
    """Hide a message if it still is as it was seen; its row then carries the new receipt."""
    seen = Message.objects.filter(
        pk=message.pk, queue_id=message.queue_id, receipt=message.receipt, visible_at=message.visible_at
    )
    changes = {
        "receipt": secrets.token_hex(16),
        "visible_at": now + timedelta(seconds=visibility_seconds),
        "received_at": now,
        "first_received_at": message.first_received_at or now,
        "attempt_id": attempt_id,
    }
    if not seen.update(receive_count=F("receive_count") + 1, received_here=F("received_here") + 1, **changes):
        return False
    message.receive_count += 1
    message.received_here += 1
    for name, value in changes.items():
        setattr(message, name, value)
    return True


def _again(queue, now, attempt_id, visibility_seconds):
    """Return what the same attempt received before, hidden anew; nothing when there was none."""
    if not attempt_id:
        return []
    mine = Message.objects.filter(queue=queue, attempt_id=attempt_id, received_at__gt=now - ATTEMPT, visible_at__gt=now)
    mine.update(visible_at=now + timedelta(seconds=visibility_seconds))
    return list(mine.order_by("sequence"))


def _check_limit(queue, now):
    in_flight = Message.objects.filter(queue=queue, visible_at__gt=now).exclude(receipt="")
    if in_flight[MOST_IN_FLIGHT - 1 : MOST_IN_FLIGHT].exists():
        raise OverLimit(f"Too many messages in flight: the limit is {MOST_IN_FLIGHT}.")


def bury(message, queue, target, now):
    """Move a message to the dead letters; return whether it was still there to move."""
    return move(message, queue, target, now, dead_letter_source=queue.arn)


def move(message, source, target, now, **changes):
    """Put a message that is as it was seen into another queue; return whether it was."""
    if target.is_fifo:
        # A FIFO queue counts the retention from the move; a standard queue from the first sending.
        changes |= {"sequence": next_sequence(target), "sent_at": now}
    moved = Message.objects.filter(
        pk=message.pk, queue=source, receipt=message.receipt, visible_at=message.visible_at
    ).update(queue=target, receipt="", attempt_id="", received_here=0, visible_at=now, **changes)
    if moved:
        transaction.on_commit(lambda: waiting.nudge(target.pk, 1))
    return bool(moved)


def next_sequence(queue):
    """Return the next sequence of a FIFO queue; inside a transaction, which holds the queue's row from here."""
    Queue.objects.filter(pk=queue.pk).update(sequence=F("sequence") + 1)
    return Queue.objects.values_list("sequence", flat=True).get(pk=queue.pk)


# -- receipts -------------------------------------------------------------------------------------


def handle(message):
    """Return the receipt handle of a message that was just received."""
    return base64.b64encode(f"{message.queue_id} {message.message_id} {message.receipt}".encode()).decode()


def opened(queue, text):
    """Return the messages (one, or none any more) that a receipt handle names.

    Errors: ReceiptHandleIsInvalid (it is none, or another queue's).
    """
    try:
        queue_pk, message_id, receipt = base64.b64decode(text, validate=True).decode().split(" ")
    except (ValueError, binascii.Error):
        queue_pk = ""
    if queue_pk != str(queue.pk) or not receipt:
        raise ReceiptHandleIsInvalid(f'The input receipt handle "{text}" is not a valid receipt handle.')
    return Message.objects.filter(queue=queue, message_id=message_id, receipt=receipt)


def delete(queue, text, now):
    """Delete the message of a receipt handle.

    A handle that a later receive made old succeeds and deletes nothing. In a FIFO queue a handle ends with its
    visibility timeout. Errors: ReceiptHandleIsInvalid, InvalidParameterValue (expired).
    """
    mine = opened(queue, text)
    if queue.is_fifo:
        mine = mine.filter(visible_at__gt=now)
    if mine.delete()[0]:
        if queue.is_fifo:  # the next of its group may go
            waiting.nudge(queue.pk, 1)
    elif queue.is_fifo and opened(queue, text).exists():
        raise bad_value(text, "ReceiptHandle", "The receipt handle has expired.")


def hide(queue, text, seconds, now):
    """Hide a received message for so long from now; 0 gives it back at once.

    Errors: ReceiptHandleIsInvalid, InvalidParameterValue, MessageNotInflight.
    """
    if not 0 <= seconds <= LONGEST_SECONDS:
        raise bad_value(seconds, "VisibilityTimeout", f"Must be >= 0 and <= {LONGEST_SECONDS}, if provided.")
    mine = opened(queue, text)
    message = mine.first()
    if message is None:
        raise bad_value(
            text, "ReceiptHandle", "Message does not exist or is not available for visibility timeout change."
        )
    if queue.is_fifo and message.visible_at <= now:
        raise MessageNotInflight()
    until = now + timedelta(seconds=seconds)
    if until - message.received_at > timedelta(seconds=LONGEST_SECONDS):
        raise bad_value(
            seconds,
            "VisibilityTimeout",
            f"Total VisibilityTimeout for the message is beyond the limit [{LONGEST_SECONDS} seconds]",
        )
    mine.update(visible_at=until, attempt_id="")
    if not seconds:
        waiting.nudge(queue.pk, 1)

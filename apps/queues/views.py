"""Pages of queues: the list, the messages of one with forms to send and receive, its configuration, its dead letters.

A view loads, calls one operation through request.aws, and renders. The list of messages that wait is a look
into the queue and changes nothing; receiving is the real act, with its receipt and its visibility timeout.
"""

import json

from django.contrib import messages as notes
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.queues import attributes, messages, names
from apps.queues.models import MoveTask, Queue
from playground import clock
from playground.wire.errors import ServiceError

TABS = (("messages", "Messages"), ("configuration", "Configuration"), ("dead-letters", "Dead letters"))
SHOWN = 50
NUMBERS = (  # attribute, label, help
    ("VisibilityTimeout", "Visibility timeout, seconds", "How long a received message is hidden from others."),
    ("DelaySeconds", "Delay, seconds", "How long a new message waits before anyone may receive it."),
    ("MessageRetentionPeriod", "Retention, seconds", "A message older than this is gone: 345600 is four days."),
    ("ReceiveMessageWaitTimeSeconds", "Receive wait, seconds", "How long a receive waits when nothing is there."),
    ("MaximumMessageSize", "Maximum size, bytes", "Body and attributes together."),
)


def own_queue(request, region, name):
    """Return a queue of this lab. Errors: 404 for any other, as if it did not exist."""
    queue = Queue.objects.select_related("account").filter(account=request.lab, region=region, name=name).first()
    if queue is None:
        raise Http404
    return queue


def frame(request, **more):
    """Return what every page of queues shows: the list at the left."""
    found = Queue.objects.filter(account=request.lab).order_by("name", "region") if request.lab else []
    return {"queues": found, **more}


def call(request, queue, operation, **params):
    """Run an operation on a queue as the wire would. Errors: ServiceError."""
    return request.aws("sqs", operation, {"QueueUrl": names.url_for(queue), **params}, region=queue.region)


def back(queue, tab):
    return redirect(f"{reverse('queues:show', args=[queue.region, queue.name])}?tab={tab}")


# -- list and creation ----------------------------------------------------------------------------


@require_GET
def index(request):
    """List the lab's queues."""
    return render(request, "queues/index.html", frame(request))


@require_http_methods(["GET", "POST"])
def new(request):
    """Create a queue, standard or FIFO."""
    values = {
        "name": request.POST.get("name", request.GET.get("name", "")).strip(),
        "kind": request.POST.get("kind", ""),
    }
    values["region"] = request.POST.get("region", "").strip() or "us-east-1"
    told = frame(request, values=values)
    if request.method == "GET":
        return render(request, "queues/new.html", told)
    asked = {"QueueName": values["name"]}
    if values["kind"] == "fifo":
        asked["QueueName"] = values["name"].removesuffix(".fifo") + ".fifo"
        asked["Attributes"] = {"FifoQueue": "true", "ContentBasedDeduplication": "true"}
    try:
        request.aws("sqs", "CreateQueue", asked, region=values["region"])
    except ServiceError as err:
        return render(request, "queues/new.html", {**told, "problem": err.message}, status=422)
    notes.success(request, f"The queue {asked['QueueName']} is created.")
    return redirect("queues:show", values["region"], asked["QueueName"])


# -- one queue ------------------------------------------------------------------------------------


@require_GET
def show(request, region, name):
    """Show one queue, at a tab of the URL."""
    tab = request.GET.get("tab", "messages")
    if tab not in dict(TABS):
        raise Http404
    return render(request, "queues/show.html", _page(request, own_queue(request, region, name), tab))


def _page(request, queue, tab, **more):
    told = frame(request, queue=queue, tab=tab, tabs=TABS, url=names.url_for(queue), **more)
    if tab == "messages":
        told.update(_waiting(queue), send_params=_send_params(queue))
    elif tab == "configuration":
        told.update(_configuration(queue, more.get("asked", {})))
    else:
        told.update(_dead_letters(queue))
    return told


def _waiting(queue):
    """Return the counts and the oldest messages, each with what it waits for."""
    now = clock.now(queue.account)
    rows = list(messages.alive(queue, now).order_by("sequence" if queue.is_fifo else "sent_at", "pk")[:SHOWN])
    for row in rows:
        row.hidden_seconds = max((row.visible_at - now).total_seconds(), 0)
        row.state = "ready" if row.visible_at <= now else "in flight" if row.receipt else "delayed"
    return {"rows": rows, "counts": messages.counts(queue, now), "shown": SHOWN}


def _send_params(queue):
    more = {"MessageGroupId": "a"} if queue.is_fifo else {}
    return {"QueueUrl": names.url_for(queue), "MessageBody": '{"hello": "world"}', **more}


@require_GET
def waiting(request, region, name):
    """Answer the list that asks for what waits now."""
    queue = own_queue(request, region, name)
    return render(request, "queues/_waiting.html", {"queue": queue, **_waiting(queue)})


@require_POST
def send(request, region, name):
    """Send a message."""
    queue = own_queue(request, region, name)
    params = {"MessageBody": request.POST.get("body", "")}
    if request.POST.get("group", "").strip():
        params["MessageGroupId"] = request.POST["group"].strip()
    if request.POST.get("delay", "").strip():
        params["DelaySeconds"] = _number(request.POST["delay"])
    try:
        sent = call(request, queue, "SendMessage", **params)
    except ServiceError as err:
        told = _page(request, queue, "messages", body=params["MessageBody"], send_problem=err.message)
        return render(request, "queues/show.html", told, status=422)
    notes.success(request, f"Message {sent['MessageId']} is stored in the queue.")
    return back(queue, "messages")


def _number(text):
    return int(text) if text.strip().isdigit() else -1  # the operation says what is allowed


@require_POST
def receive(request, region, name):
    """Receive messages and show them with what their receipts allow."""
    queue = own_queue(request, region, name)
    params = {
        "MaxNumberOfMessages": _number(request.POST.get("most", "1")),
        "WaitTimeSeconds": _number(request.POST.get("wait", "0")),
        "MessageSystemAttributeNames": ["All"],
        "MessageAttributeNames": ["All"],
    }
    told = {"receive_params": {"QueueUrl": names.url_for(queue), **params}}
    try:
        found = call(request, queue, "ReceiveMessage", **params).get("Messages", [])
        told["received"] = [{**one, "facts": _facts(one)} for one in found]
    except ServiceError as err:
        told["receive_problem"] = err.message
    if request.htmx:
        return render(request, "queues/_received.html", {"queue": queue, **told})
    status = 422 if "receive_problem" in told else 200
    return render(request, "queues/show.html", _page(request, queue, "messages", **told), status=status)


def _facts(message):
    """Return [(name, text)] of a received message's attributes, the service's first."""
    given = message.get("MessageAttributes", {}).items()
    return [
        *message.get("Attributes", {}).items(),
        *((f"{name} ({one['DataType']})", one.get("StringValue") or one["BinaryValue"].hex()) for name, one in given),
    ]


@require_POST
def act(request, region, name):
    """Delete a received message, or give it back at once."""
    queue = own_queue(request, region, name)
    handle = request.POST.get("handle", "")
    done = "The message is deleted."
    try:
        if request.POST.get("act") == "give-back":
            call(request, queue, "ChangeMessageVisibility", ReceiptHandle=handle, VisibilityTimeout=0)
            done = "The message is back in the queue."
        else:
            call(request, queue, "DeleteMessage", ReceiptHandle=handle)
    except ServiceError as err:
        notes.error(request, err.message)
    else:
        notes.success(request, done)
    return back(queue, "messages")


# -- configuration --------------------------------------------------------------------------------


def _configuration(queue, asked):
    numbers = [
        {"name": name, "label": label, "help": text, "value": asked.get(name, attributes.value(queue, name))}
        for name, label, text in NUMBERS
    ]
    return {
        "numbers": numbers,
        "policy": asked.get("Policy", json.dumps(queue.policy, indent=2) if queue.policy else ""),
        "by_content": attributes.value(queue, "ContentBasedDeduplication") == "true",
        "example_policy": _example_policy(queue),
        "set_params": {"QueueUrl": names.url_for(queue), "Attributes": {"VisibilityTimeout": "60"}},
    }


def _example_policy(queue):
    statement = {
        "Sid": "BucketsOfThisLab",
        "Effect": "Allow",
        "Principal": {"Service": "s3.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": queue.arn,
        "Condition": {"StringEquals": {"aws:SourceAccount": queue.account.account_id}},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]}, indent=2)


@require_POST
def save_configuration(request, region, name):
    """Set the attributes of the form."""
    queue = own_queue(request, region, name)
    asked = {name: request.POST.get(name, "").strip() for name, _label, _help in NUMBERS}
    asked["Policy"] = request.POST.get("policy", "").strip()
    if queue.is_fifo:
        asked["ContentBasedDeduplication"] = "true" if request.POST.get("by_content") else "false"
    try:
        call(request, queue, "SetQueueAttributes", Attributes=asked)
    except ServiceError as err:
        told = _page(request, queue, "configuration", asked=asked, problem=err.message)
        return render(request, "queues/show.html", told, status=422)
    notes.success(request, "The configuration is set.")
    return back(queue, "configuration")


# -- dead letters ---------------------------------------------------------------------------------


def _dead_letters(queue):
    target = attributes.redrive(queue)
    same_kind = [
        one
        for one in Queue.objects.select_related("account").filter(account=queue.account, region=queue.region)
        if one.is_fifo == queue.is_fifo and one.pk != queue.pk
    ]
    tasks = list(queue.move_tasks.order_by("-pk")[:5])
    return {
        "target_arn": target[0] if target else "",
        "receives": target[1] if target else 3,
        "choices": same_kind,
        "sources": attributes.sources_of(queue),
        "tasks": tasks,
        "moving": any(task.status == MoveTask.Status.RUNNING for task in tasks),
        "counts": messages.counts(queue, clock.now(queue.account)),
        "move_params": {"SourceArn": queue.arn},
    }


@require_POST
def save_dead_letters(request, region, name):
    """Say where messages go that are received too often."""
    queue = own_queue(request, region, name)
    target = request.POST.get("target", "")
    policy = {"deadLetterTargetArn": target, "maxReceiveCount": request.POST.get("receives", "").strip()}
    try:
        call(request, queue, "SetQueueAttributes", Attributes={"RedrivePolicy": json.dumps(policy) if target else ""})
    except ServiceError as err:
        told = _page(request, queue, "dead-letters", problem=err.message)
        return render(request, "queues/show.html", told, status=422)
    notes.success(
        request, "Dead letters are kept." if target else "Messages stay in the queue, however often they fail."
    )
    return back(queue, "dead-letters")


@require_POST
def move_back(request, region, name):
    """Begin to move the dead letters back to the queues they came from."""
    queue = own_queue(request, region, name)
    try:
        request.aws("sqs", "StartMessageMoveTask", {"SourceArn": queue.arn}, region=queue.region)
    except ServiceError as err:
        notes.error(request, err.message)
    else:
        notes.success(request, "The messages are on their way back.")
    return back(queue, "dead-letters")


# -- the end --------------------------------------------------------------------------------------


@require_POST
def purge(request, region, name):
    """Delete every message of the queue."""
    queue = own_queue(request, region, name)
    try:
        call(request, queue, "PurgeQueue")
    except ServiceError as err:
        notes.error(request, err.message)
    else:
        notes.success(request, f"{queue.name} is empty.")
    return back(queue, "configuration")


@require_POST
def delete(request, region, name):
    """Delete the queue."""
    queue = own_queue(request, region, name)
    call(request, queue, "DeleteQueue")
    notes.success(request, f"The queue {queue.name} is gone.")
    return redirect("queues:index")

"""Pages of functions: the list, the editor, a test with its result and timeline, the invocations.

A view loads, calls one operation through request.aws, and renders.
"""

import base64
import json
from datetime import timedelta

from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.buckets.models import Bucket
from apps.functions import editing, runtimes
from apps.functions.models import Function, Invocation, RuntimeStatus
from playground.wire.errors import ServiceError

TABS = (
    ("code", "Code"),
    ("test", "Test"),
    ("invocations", "Invocations"),
    ("configuration", "Configuration"),
    ("triggers", "Triggers"),
)
MEMORY = (128, 256, 512, 1024, 1769, 3008)
SHOWN = 30


def own_function(request, name):
    """Return a function of this lab. Errors: 404 for any other, as if it did not exist."""
    found = Function.objects.select_related("account").filter(account=request.lab, name=name)
    if request.GET.get("region"):
        found = found.filter(region=request.GET["region"])
    function = found.order_by("pk").first()
    if function is None:
        raise Http404
    return function


def frame(request, **more):
    """Return what every page of functions shows: the list at the left."""
    found = Function.objects.filter(account=request.lab).order_by("name") if request.lab else []
    return {"functions": found, **more}


def _problem_field(err):
    """Return the form field that a refusal is about."""
    text = err.message.lower()
    for word, field in (
        ("handler", "handler"),
        ("memorysize", "memory"),
        ("timeout", "timeout"),
        ("unzip", "package"),
        ("runtime", "runtime"),
    ):
        if word in text:
            return field
    return "name"


@require_GET
def index(request):
    """List the lab's functions, and say which runtimes proved themselves here."""
    return render(request, "functions/index.html", frame(request, statuses=RuntimeStatus.objects.order_by("runtime")))


@require_http_methods(["GET", "POST"])
def new(request):
    """Create a function from the editor or a zip."""
    starters = editing.starters()
    chosen = request.GET.get("template", "hello")
    source = dict((name, text) for name, _label, text in starters).get(chosen, starters[0][2])
    values = {
        "name": request.GET.get("name", ""),
        "handler": "app.handler",
        "memory": "256",
        "timeout": "15",
        "source": source,
    }
    told = frame(
        request,
        starters=starters,
        values=values,
        runtimes=runtimes.OFFERED,
        memory_choices=MEMORY,
        region=request.GET.get("region", "us-east-1"),
    )
    if request.method == "GET":
        return render(request, "functions/new.html", told)
    values.update({name: request.POST.get(name, "").strip() for name in ("name", "handler", "memory", "timeout")})
    values["source"] = request.POST.get("source", "")
    upload = request.FILES.get("package")
    params = {
        "FunctionName": values["name"],
        "Runtime": request.POST.get("runtime", ""),
        "Handler": values["handler"],
        "Role": f"arn:aws:iam::{request.lab.account_id}:role/lambda-role",
        "MemorySize": _number(values["memory"]),
        "Timeout": _number(values["timeout"]),
        "Code": {"ZipFile": upload.read() if upload else editing.zipped(values["source"], values["handler"])},
    }
    try:
        request.aws("lambda", "CreateFunction", params, region=request.POST.get("region") or None)
    except ServiceError as err:
        told.update(problem=err.message, problem_field=_problem_field(err))
        return render(request, "functions/new.html", told, status=422)
    messages.success(request, f"The function {values['name']} is created.")
    return redirect("functions:show", values["name"])


def _number(text):
    return int(text) if text.isdigit() else -1  # the operation says what is allowed


@require_GET
def show(request, name):
    """Show one function, at a tab of the URL."""
    tab = request.GET.get("tab", "code")
    if tab not in dict(TABS):
        raise Http404
    return render(request, "functions/show.html", _page(request, own_function(request, name), tab))


def _page(request, function, tab, **more):
    told = frame(request, function=function, tab=tab, tabs=TABS, **more)
    if tab == "code":
        source, others = editing.opened(function)
        told.update(source=more.get("source", source), others=others, file=editing.file_of(function.handler))
    elif tab == "test":
        told.update(events=_events(request, function), event=more.get("event", '{\n    "name": "London"\n}'))
    elif tab == "invocations":
        told.update(rows=_recent(function))
    elif tab == "configuration":
        told.update(memory_choices=MEMORY, variables=more.get("variables", _as_lines(function.variables)))
    elif tab == "triggers":
        told.update(triggers=_triggers(request, function))
    told["invoke_params"] = {"FunctionName": function.name, "Payload": b"{}"}
    return told


def _events(request, function):
    """Return [(id, label, JSON text)] of events to test with; the S3 one names a bucket of this lab."""
    bucket = Bucket.objects.filter(account=request.lab).order_by("pk").first()
    name = bucket.name if bucket else "your-bucket"
    record = {
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "awsRegion": function.region,
        "eventName": "ObjectCreated:Put",
        "s3": {
            "bucket": {"name": name, "arn": f"arn:aws:s3:::{name}"},
            "object": {"key": "photos/lake.jpg", "size": 1024},
        },
    }
    ready = [
        ("A name", {"name": "London"}),
        ("No records", {"Records": []}),
        ("An upload to a bucket", {"Records": [record]}),
    ]
    return [(f"event-{i}", label, json.dumps(event, indent=4)) for i, (label, event) in enumerate(ready)]


def _as_lines(variables):
    return "\n".join(f"{name}={value}" for name, value in variables.items())


def _recent(function):
    return [_told(row) for row in function.invocations.order_by("-pk").defer("event", "result")[:SHOWN]]


def _triggers(request, function):
    """Return the buckets of this lab whose events start this function."""
    found = []
    for bucket in Bucket.objects.filter(account=request.lab):
        for one in bucket.notification.get("LambdaFunctionConfigurations", []):
            if one["LambdaFunctionArn"].startswith(function.arn):
                found.append({"bucket": bucket, **one})
    return found


def _told(row):
    """Return an invocation with its timeline drawn: each phase's place in percent of the whole."""
    whole = max((p["start_ms"] + p["duration_ms"] for p in row.phases), default=0) or 1
    row.timeline = [
        {
            **phase,
            "kind": phase["name"].split()[-1],
            "x": round(phase["start_ms"] / whole * 100, 2),
            "width": max(round(phase["duration_ms"] / whole * 100, 2), 0.6),
        }
        for phase in row.phases
    ]
    row.whole_ms = whole
    row.over = row.state in (Invocation.State.SUCCEEDED, Invocation.State.FAILED)
    return row


@require_POST
def save_code(request, name):
    """Put the editor's text, or an uploaded zip, in place of the function's code."""
    function = own_function(request, name)
    upload = request.FILES.get("package")
    source = request.POST.get("source", "")
    data = upload.read() if upload else editing.zipped(source, function.handler)
    try:
        request.aws(
            "lambda", "UpdateFunctionCode", {"FunctionName": function.name, "ZipFile": data}, region=function.region
        )
    except ServiceError as err:
        return render(
            request,
            "functions/show.html",
            _page(request, function, "code", source=source, problem=err.message),
            status=422,
        )
    messages.success(request, "The new code is in place.")
    return redirect(f"{reverse('functions:show', args=[function.name])}?tab=code")


@require_POST
def save_configuration(request, name):
    """Set memory, timeout, handler and environment variables."""
    function = own_function(request, name)
    text = request.POST.get("variables", "")
    variables = dict(line.strip().partition("=")[::2] for line in text.splitlines() if line.strip())
    params = {
        "FunctionName": function.name,
        "Handler": request.POST.get("handler", "").strip(),
        "MemorySize": _number(request.POST.get("memory", "")),
        "Timeout": _number(request.POST.get("timeout", "")),
        "Description": request.POST.get("description", ""),
        "Environment": {"Variables": variables},
    }
    try:
        request.aws("lambda", "UpdateFunctionConfiguration", params, region=function.region)
    except ServiceError as err:
        page = _page(
            request, function, "configuration", variables=text, problem=err.message, problem_field=_problem_field(err)
        )
        return render(request, "functions/show.html", page, status=422)
    messages.success(request, "The configuration is set.")
    return redirect(f"{reverse('functions:show', args=[function.name])}?tab=configuration")


@require_POST
def invoke(request, name):
    """Run the function with an event and show result, log and timeline."""
    function = own_function(request, name)
    event = request.POST.get("event", "").strip() or "{}"
    told = _page(request, function, "test", event=event)
    params = {"FunctionName": function.name, "Payload": event.encode(), "LogType": "Tail"}
    try:
        json.loads(event)
        answer = request.aws("lambda", "Invoke", params, region=function.region)
    except ValueError as err:
        told["event_problem"] = f"This is not JSON: {err}."
    except ServiceError as err:
        told.update(event_problem=f"{err.code}: {err.message}", request_id=getattr(err, "request_id", ""))
    else:
        row = function.invocations.order_by("-pk").first()
        told.update(
            result=answer["Payload"] if isinstance(answer["Payload"], bytes) else b"".join(answer["Payload"]),
            failed=answer.get("FunctionError"),
            log=base64.b64decode(answer.get("LogResult") or b"").decode("utf-8", "replace"),
            run=_told(row) if row else None,
        )
    if request.htmx:
        return render(request, "functions/_result.html", told)
    return render(request, "functions/show.html", told, status=422 if "event_problem" in told else 200)


@require_GET
def invocations(request, name):
    """Answer the list that asks for the newest invocations."""
    function = own_function(request, name)
    return render(request, "functions/_invocations.html", {"function": function, "rows": _recent(function)})


@require_GET
def invocation(request, name, invocation_id):
    """Show one invocation: event, result, log, timeline."""
    function = own_function(request, name)
    row = function.invocations.filter(invocation_id=invocation_id).first()
    if row is None:
        raise Http404
    told = {
        "row": _told(row),
        "event": bytes(row.event),
        "result": bytes(row.result),
        "log": _log(request, function, row),
    }
    return render(request, "functions/invocation.html", frame(request, function=function, **told))


def _log(request, function, row):
    """Return the log lines of one invocation, from CloudWatch Logs."""
    start = int((row.accepted_at - timedelta(seconds=1)).timestamp() * 1000)
    params = {"logGroupName": function.log_group, "startTime": start, "limit": 500}
    if row.log_stream:
        params["logStreamNames"] = [row.log_stream]
    try:
        events = request.aws("logs", "FilterLogEvents", params, region=function.region)["events"]
    except ServiceError:
        return ""
    text = "".join(e["message"] if e["message"].endswith("\n") else e["message"] + "\n" for e in events)
    begin = text.find(f"START RequestId: {row.invocation_id}")
    end = text.find("\n", text.find(f"REPORT RequestId: {row.invocation_id}"))
    return text[begin : end + 1] if begin >= 0 else ""


@require_POST
def delete(request, name):
    """Delete a function."""
    function = own_function(request, name)
    request.aws("lambda", "DeleteFunction", {"FunctionName": function.name}, region=function.region)
    messages.success(request, f"The function {function.name} is gone.")
    return redirect("functions:index")

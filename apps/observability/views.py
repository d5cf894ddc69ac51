"""Why: the requests of a lab, and everything one request decided and caused.

What other rooms know of a request (its visit, its invocation, its cost) they add themselves through
`explainers`, since observability stands left of them.
"""

from django.http import Http404
from django.shortcuts import render
from django.views.decorators.http import require_GET

from apps.identity import deciding
from apps.observability import traces

SERVICES = ("s3", "lambda", "cloudfront", "sts", "logs")
# Functions (account, request id) -> {"template", "context"} or None, registered by the rooms to the right;
# "aside": a part that stands beside the decisions.
explainers = []


@require_GET
def index(request):
    """List the lab's newest requests; filters are in the URL."""
    chosen = {name: request.GET.get(name, "") for name in ("service", "status", "text")}
    rows = traces.recent(request.lab, **chosen) if request.lab else []
    return render(request, "observability/index.html", {"rows": rows, "services": SERVICES, **chosen})


@require_GET
def show(request, request_id):
    """Show one request of this lab. Another lab's is answered like one that does not exist."""
    if request.lab is None:
        raise Http404
    trace = traces.find(request.lab, request_id)
    parts = [part for part in (explain(request.lab, request_id) for explain in explainers) if part]
    if trace is None and not parts:
        raise Http404
    for step in trace.steps if trace else ():
        if step.get("phase") == "policy":
            step["told"] = deciding.told(request.lab, trace, step)
    return render(request, "observability/show.html", {"trace": trace, "request_id": request_id, "parts": parts})

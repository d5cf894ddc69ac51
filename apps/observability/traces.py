"""Traces: what every request decided on its way, kept so that "why" has an answer."""

from datetime import datetime

from apps.identity.models import Account
from apps.observability import journal
from apps.observability.models import Trace
from playground import clock

KEPT = 20_000  # newest traces kept over all accounts
_since_sweep = 0


def record(ctx, status, duration_ms, bytes_in=0, bytes_out=0, error=None, resource="", account=None):
    """Keep one request. error: the code it failed with, or None. account: whose it is, when not the caller's.

    An anonymous request belongs to the owner of what it asked for: they want to know why it was refused.
    """
    owner = account or ctx.account or next((row.account for row in ctx.found.values()), None)
    journal.append(
        "trace",
        {
            "request_id": ctx.request_id,
            "account": owner.account_id if owner is not None else None,
            "at": ctx.now.isoformat(),
            "real_at": clock.real_now().isoformat(),
            "service": ctx.service,
            "operation": ctx.operation,
            "resource": resource[:1200],
            "principal_arn": ctx.principal.arn or ctx.principal.source_arn,
            "principal_kind": ctx.principal.kind,
            "via": ctx.via,
            "source_ip": ctx.source_ip,
            "status": status,
            "error_code": error or "",
            "duration_ms": duration_ms,
            "bytes_in": bytes_in,
            "bytes_out": bytes_out,
            "steps": ctx.trace.steps,
        },
    )


@journal.handler("trace")
def keep(records):
    """Turn journalled traces into rows, and let the oldest go."""
    global _since_sweep
    accounts = dict(
        Account.objects.filter(account_id__in={r["account"] for r in records if r["account"]}).values_list(
            "account_id", "id"
        )
    )
    rows = [
        Trace(
            **{
                **record,
                "account": None,
                "account_id": accounts.get(record["account"]),
                "at": datetime.fromisoformat(record["at"]),
                "real_at": datetime.fromisoformat(record["real_at"]),
            }
        )
        for record in records
    ]
    Trace.objects.bulk_create(rows, batch_size=500, ignore_conflicts=True)
    _since_sweep += len(rows)
    if _since_sweep > KEPT // 20:
        _since_sweep = 0
        cut = Trace.objects.order_by("-id").values_list("id", flat=True)[KEPT : KEPT + 1]
        if cut:
            Trace.objects.filter(id__lte=cut[0]).delete()


def find(account, request_id):
    """Return a lab's trace by request id, or None. account None: an admin's view over all labs."""
    journal.ingest()
    found = Trace.objects.select_related("account").filter(request_id=request_id)
    return (found if account is None else found.filter(account=account)).first()


def recent(account=None, limit=100, service="", status="", text=""):
    """Return the newest traces, newest first.

    status: "" for all, "failed" or "ok". text: part of operation, resource, error code or request id.
    """
    journal.ingest()
    found = Trace.objects.select_related("account").order_by("-id")
    if account is not None:
        found = found.filter(account=account)
    if service:
        found = found.filter(service=service)
    if status:
        found = found.filter(status__gte=400) if status == "failed" else found.filter(status__lt=400)
    if text:
        parts = [
            found.filter(**{f"{name}__icontains": text})
            for name in ("operation", "resource", "error_code", "request_id")
        ]
        found = parts[0] | parts[1] | parts[2] | parts[3]
    return list(found[:limit])

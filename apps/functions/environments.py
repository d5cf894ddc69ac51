"""The live sandboxes of all nodes, for the admin page: rows that each worker keeps in step with its pool."""

from apps.functions.models import Environment


def live():
    """Return the environments that live now, with their functions and accounts."""
    return Environment.objects.select_related("function__account").order_by("-started_at")


def stop(environment_id):
    """Ask the worker that owns an environment to end it; it obeys within a second. Returns whether there is one."""
    return bool(Environment.objects.filter(environment_id=environment_id).update(stop_requested=True))


def stop_function(function):
    """End every environment of a function: its code or configuration changed, or it is deleted."""
    return Environment.objects.filter(function=function).update(stop_requested=True)


def report(node, pool):
    """Make a node's rows say what its pool holds; return the ids that someone wants stopped."""
    alive = {warm.environment_id: warm for warm in pool.snapshot() if warm.pid}
    known = {row.environment_id: row for row in Environment.objects.filter(node=node)}
    gone = known.keys() - alive.keys()
    if gone:
        Environment.objects.filter(environment_id__in=gone).delete()
    fresh = [_row(node, warm) for name, warm in alive.items() if name not in known]
    if fresh:
        Environment.objects.bulk_create(fresh, ignore_conflicts=True)
    for name in alive.keys() & known.keys():
        row, now = known[name], _row(node, alive[name])
        if (row.state, row.invocations, row.memory_used_mib) != (now.state, now.invocations, now.memory_used_mib):
            Environment.objects.filter(environment_id=name).update(
                state=now.state, invocations=now.invocations, memory_used_mib=now.memory_used_mib
            )
    return [name for name, row in known.items() if row.stop_requested and name in alive]


STATES = {
    "starting": Environment.State.STARTING,
    "running": Environment.State.RUNNING,
    "resting": Environment.State.FROZEN,
    "frozen": Environment.State.FROZEN,
}


def _row(node, warm):
    return Environment(
        environment_id=warm.environment_id,
        function_id=warm.key[0],
        node=node,
        state=STATES[warm.state],
        started_at=warm.started_at,
        pid=warm.pid,
        memory_used_mib=warm.memory_used_mib,
        invocations=warm.calls,
    )

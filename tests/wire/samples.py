"""A value for any shape of a service model: what the round trips send."""

from datetime import UTC, datetime

MOMENT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def sample(shape, depth=0, required_only=False):
    """Return a valid value: every member, or the required ones alone; recursion ends at depth 6."""
    kind = shape.type_name
    if kind == "structure":
        if depth > 6:
            return {}
        names = shape.required_members if required_only else shape.members
        return {name: sample(shape.members[name], depth + 1, required_only) for name in names}
    if kind == "list":
        return [] if depth > 6 else [sample(shape.member, depth + 1, required_only)]
    if kind == "map":
        return {"key-1": sample(shape.value, depth + 1, required_only)}
    return _scalar(shape)


def _scalar(shape):
    kind = shape.type_name
    if kind == "string":
        return shape.enum[0] if shape.enum else "a&b<c> é+%25"
    if kind in ("integer", "long"):
        return max(int(shape.metadata.get("min", 7) or 7), 7)
    if kind in ("float", "double"):
        return 1.5
    if kind == "boolean":
        return True
    if kind == "timestamp":
        return MOMENT
    return b"\x00bytes"

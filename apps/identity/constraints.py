"""What the query services check before anything else: lengths, ranges, patterns and word lists of botocore's model.

Source: IAM API Reference and AWS STS API Reference, "Length Constraints", "Valid Values" and "Pattern" of each
parameter; the sentences are the services'.
"""

import re
from functools import lru_cache

from apps.identity.errors import ValidationError
from playground.wire import model


def check(service, operation, request):
    """Refuse a request whose values its model does not allow. Errors: ValidationError."""
    shape = model.load(service).operation(operation).input_shape
    found = list(_problems(shape, request, "")) if shape else []
    if found:
        errors = "error" if len(found) == 1 else "errors"
        raise ValidationError(f"{len(found)} validation {errors} detected: {'; '.join(found)}")


def _problems(shape, value, where):
    """Yield a sentence for each part of a value that its shape does not allow."""
    kind, limits = shape.type_name, shape.metadata
    if kind == "structure":
        for name, member in shape.members.items():
            path = f"{where}.{name[0].lower()}{name[1:]}".lstrip(".")
            if value.get(name) is not None:
                yield from _problems(member, value[name], path)
            elif name in shape.required_members:
                yield f"Value at '{path}' failed to satisfy constraint: Member must not be null"
        return
    if kind == "list":
        for number, item in enumerate(value, 1):
            yield from _problems(shape.member, item, f"{where}.{number}.member")
    for rule in _broken(kind, limits, value):
        shown = f"Value '{value}'" if kind in ("string", "integer") and not limits.get("sensitive") else "Value"
        yield f"{shown} at '{where}' failed to satisfy constraint: Member must {rule}"


def _broken(kind, limits, value):
    """Yield the rules that a value breaks."""
    low, high = limits.get("min"), limits.get("max")
    what = "value" if kind in ("integer", "long") else "length"
    if what == "length" and kind not in ("string", "list"):
        return
    size = value if what == "value" else len(value)
    if high is not None and size > high:
        yield f"have {what} less than or equal to {high}"
    if low is not None and size < low:
        yield f"have {what} greater than or equal to {low}"
    if kind == "string" and limits.get("enum") and value not in limits["enum"]:
        yield f"satisfy enum value set: [{', '.join(limits['enum'])}]"
    if kind == "string" and limits.get("pattern") and not _pattern(limits["pattern"]).fullmatch(value):
        yield f"satisfy regular expression pattern: {limits['pattern']}"


@lru_cache(maxsize=256)
def _pattern(text):
    """Return a model's pattern compiled.

    >>> bool(_pattern(r"[\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]+").fullmatch("Größe 1")), bool(_pattern("[\\\\w]+").fullmatch("é"))
    (True, False)
    """
    if "\\p{" in text:
        allowed = re.escape("_.:/=+-@") if "{}" not in text else re.escape("_.:/=+-@{}")
        return re.compile(rf"(?:[^\W_]|\s|[{allowed}]){'+' if text.endswith('+') else '*'}")
    if "\\u10000" in text:  # four digits and a stray zero: the model means all but control characters
        return re.compile(r"[\t\n\r\x20-\x7e\x85\xa0-\U0010ffff]+")
    return re.compile(text, re.ASCII)

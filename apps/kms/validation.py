"""What the service checks before anything else: lengths, ranges, patterns and word lists of botocore's model.

Source: AWS KMS API Reference, "Length Constraints", "Valid Values" and "Pattern" of each parameter.
"""

import re
from functools import lru_cache

from apps.kms import errors
from playground.wire import model


@lru_cache(maxsize=64)
def _pattern(text):
    return re.compile(text.removeprefix("^").removesuffix("$"))


def problems(shape, value, where=""):
    """Yield a sentence for each part of a value that its shape does not allow."""
    kind, limits = shape.type_name, shape.metadata
    if kind == "structure":
        for name, member in shape.members.items():
            path = f"{where}.{name[0].lower()}{name[1:]}".lstrip(".")
            if value.get(name) is not None:
                yield from problems(member, value[name], path)
            elif where and name in shape.required_members:
                yield f"Value null at '{path}' failed to satisfy constraint: Member must not be null"
        return
    if kind == "list":
        for number, item in enumerate(value, 1):
            yield from problems(shape.member, item, f"{where}.{number}.member")
    if kind == "map":
        for name, item in value.items():
            yield from problems(shape.key, name, where)
            yield from problems(shape.value, item, f"{where}.{name}.member")
    rule = _broken(kind, limits, value)
    if rule:
        shown = "Value" if limits.get("sensitive") or kind != "string" and kind != "integer" else f"Value '{value}'"
        yield f"{shown} at '{where}' failed to satisfy constraint: Member must {rule}"


def _broken(kind, limits, value):
    """Return the rule that a value breaks, or ""."""
    low, high = limits.get("min"), limits.get("max")
    if kind in ("integer", "long"):
        if low is not None and value < low:
            return f"have value greater than or equal to {low}"
        return f"have value less than or equal to {high}" if high is not None and value > high else ""
    if kind in ("string", "blob", "list", "map"):
        if low is not None and len(value) < low:
            return f"have length greater than or equal to {low}"
        if high is not None and len(value) > high:
            return f"have length less than or equal to {high}"
    if kind == "string" and limits.get("enum") and value not in limits["enum"]:
        return f"satisfy enum value set: [{', '.join(limits['enum'])}]"
    if kind == "string" and limits.get("pattern") and not _pattern(limits["pattern"]).fullmatch(value):
        return f"satisfy regular expression pattern: {limits['pattern']}"
    return ""


def check(operation, request):
    """Refuse a request that its shape does not allow. Errors: ValidationException."""
    shape = model.load("kms").operation(operation).input_shape
    found = list(problems(shape, request)) if shape else []
    if found:
        word = "error" if len(found) == 1 else "errors"
        raise errors.Validation(f"{len(found)} validation {word} detected: {'; '.join(found)}")

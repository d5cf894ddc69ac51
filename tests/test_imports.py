"""The rooms' walls: who may import whom, read from the syntax trees (docs/architecture.md)."""

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
# A module may use what stands left of its own room, never right.
ORDER = [
    "playground.wire",
    "apps.identity",
    "apps.observability",
    "apps.billing.meters",
    "apps.kms",
    "apps.buckets",
    "apps.queues",
    "apps.functions",
    "apps.cdn",
    "apps.billing",
    "apps.classrooms",
    "apps.tutorials",
    "apps.console",
]
# What billing offers to the rooms on its left: the door for use, the door for stored bytes, their tables.
METERS = (
    "apps.billing.meters",
    "apps.billing.levels",
    "apps.billing.models",
    "apps.billing.fields",
    "apps.billing.months",
)
# Open to every app: the lab's clock, the task queue, compiled queries, shared commits. The console alone also joins the rooms (endpoints).
SHARED = ("playground.clock", "playground.celery", "playground.prepared", "playground.batches")
PURE = {
    "apps/identity/conditions.py",
    "apps/identity/documents.py",
    "apps/identity/explain.py",
    "apps/identity/identity_validation.py",
    "apps/identity/patterns.py",
    "apps/identity/policy.py",
    "apps/identity/principals.py",
    "apps/identity/publicness.py",
    "apps/identity/s3_actions.py",
    "apps/identity/validation.py",
    "apps/identity/wording.py",
    "apps/cdn/freshness.py",
    "apps/cdn/key.py",
    "apps/cdn/latency.py",
    "apps/cdn/targeted.py",
    "apps/cdn/geo.py",
    "apps/cdn/invalidation.py",
    "playground/wire/signature.py",
}
FILES = sorted(
    path.relative_to(ROOT)
    for folder in ("apps", "playground")
    for path in (ROOT / folder).rglob("*.py")
    if "migrations" not in path.parts
)


def room(module):
    """Return the room of a dotted module name, or None for what is not ours."""
    if module.startswith(METERS):
        return "apps.billing.meters"
    for name in sorted(ORDER, key=len, reverse=True):
        if module == name or module.startswith(name + "."):
            return name
    return None


def imports(path):
    """Yield (module, line, inside a function) of each import statement."""
    tree = ast.parse((ROOT / path).read_text())
    inner = {
        child
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        for child in ast.walk(node)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, node.lineno, node in inner
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                package = list(path.parts[: -node.level])
                base = ".".join([*package, *([base] if base else [])])
            for alias in node.names:
                yield f"{base}.{alias.name}", node.lineno, node in inner


def own_name(path):
    return ".".join(path.with_suffix("").parts)


@pytest.mark.parametrize("path", FILES, ids=str)
def test_a_room_imports_only_what_stands_left_of_it(path):
    mine = room(own_name(path))
    for module, line, _inside in imports(path):
        if mine is None:
            continue  # playground/ outside wire/ may import all
        theirs = room(module)
        where = f"{path}:{line} imports {module}"
        if theirs is not None:
            assert ORDER.index(theirs) <= ORDER.index(mine), f"{where}: {theirs} stands right of {mine}"
        elif module.startswith("playground.") and mine != "apps.console":
            assert module.startswith(SHARED), f"{where}: an app may use {', '.join(SHARED)} and wire only"


@pytest.mark.parametrize("path", FILES, ids=str)
def test_no_import_hides_inside_a_function(path):
    hidden = [f"{path}:{line} {module}" for module, line, inside in imports(path) if inside]
    assert not hidden


@pytest.mark.parametrize("path", [p for p in FILES if p.parts[:2] == ("playground", "wire")], ids=str)
def test_wire_knows_no_app_and_no_framework(path):
    for module, line, _inside in imports(path):
        top = module.split(".")[0]
        assert top not in ("django", "celery", "redis", "apps"), f"{path}:{line} imports {module}"


@pytest.mark.parametrize("path", sorted(PURE))
def test_pure_files_import_only_the_standard_library_and_each_other(path):
    for module, line, _inside in imports(Path(path)):
        top = module.split(".")[0]
        pure = module.startswith("playground.wire") or "/".join(module.split(".")[:3]) + ".py" in PURE
        assert pure or top in sys.stdlib_module_names, f"{path}:{line} imports {module}"

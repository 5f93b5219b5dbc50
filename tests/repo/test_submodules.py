"""A module of a library that our code names is imported there, or comes with what is imported there.

A process that has more loaded, such as one of the tests or a fork, hides an import that lacks: `scipy.stats.norm`
after a plain `import scipy` works wherever somebody else has imported `scipy.stats`.
"""

import ast
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from importlib.machinery import PathFinder
from pathlib import Path

import pytest

from tests.repo.test_layers import SOURCES
from tests.toy.jobs import CHECKOUT

# Imports the first word, and tells which of the others it has not brought along.
ASK = """
import importlib, sys
module, *asked = sys.argv[1:]
whole = importlib.import_module(module)
for dotted in asked:
    found = whole
    for part in dotted.removeprefix(module + ".").split("."):
        found = getattr(found, part, None)
    if found is None:
        print(dotted)
"""


@cache
def places(package: str) -> tuple[Path, ...]:
    """Where the modules of a package lie; nothing is imported for it."""
    if "." not in package:
        spec = None if package in sys.stdlib_module_names else PathFinder.find_spec(package)
        return tuple(map(Path, spec.submodule_search_locations or ())) if spec else ()
    parent, _, name = package.rpartition(".")
    return tuple(place / name for place in places(parent) if (place / name).is_dir())


def is_module(dotted: str) -> bool:
    parent, _, name = dotted.rpartition(".")
    files = (f"{name}/__init__.py", f"{name}.py", f"{name}.*.so")
    return any(any(place.glob(file)) for place in places(parent) for file in files)


def named(source: str) -> Iterator[tuple[str, str]]:
    """Modules that a file reaches through an imported one, and has not imported: both dotted names."""
    tree = ast.parse(source)
    bound: dict[str, str] = {}
    imported: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                bound[alias.asname or alias.name.split(".")[0]] = (
                    alias.name if alias.asname else alias.name.split(".")[0]
                )
                imported.add(alias.name)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            imported.add(node.module)
            for alias in node.names:
                if is_module(f"{node.module}.{alias.name}"):
                    bound[alias.asname or alias.name] = f"{node.module}.{alias.name}"
                    imported.add(f"{node.module}.{alias.name}")
    loaded = {
        ".".join(parts[:stop]) for parts in (name.split(".") for name in imported) for stop in range(1, len(parts) + 1)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and (chain := dotted_of(node)) and chain[0] in bound:
            whole = ".".join((bound[chain[0]], *chain[1:]))
            if whole not in loaded and is_module(whole):
                yield bound[chain[0]], whole


def dotted_of(node: ast.expr) -> list[str]:
    if isinstance(node, ast.Name):
        return [node.id]
    above = dotted_of(node.value) if isinstance(node, ast.Attribute) else []
    return [*above, node.attr] if above and isinstance(node, ast.Attribute) else []


def lacking(asked: tuple[str, list[str]]) -> list[str]:
    """Which of the modules a fresh process has not, that has imported the first alone."""
    command = [sys.executable, "-c", ASK, asked[0], *asked[1]]
    return subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=True).stdout.split()


@pytest.mark.slow
def test_each_module_that_is_named_comes_with_what_is_imported() -> None:
    found: dict[str, set[str]] = {}
    for path in SOURCES:
        for module, other in named((CHECKOUT / path).read_text(encoding="utf-8")):
            found.setdefault(module, set()).add(other)
    assert {"numpy.random", "torch.onnx"} <= {other for others in found.values() for other in others}
    with ThreadPoolExecutor(2) as threads:
        told = list(threads.map(lacking, ((module, sorted(others)) for module, others in found.items())))
    assert [other for others in told for other in others] == []


def test_a_module_that_a_plain_import_does_not_bring_is_found() -> None:
    assert list(named("import lightning.pytorch as pl\npl.callbacks.Timer()")) == [
        ("lightning.pytorch", "lightning.pytorch.callbacks")
    ]
    assert list(named("import pyarrow\nimport pyarrow.parquet\npyarrow.parquet.read_table, pyarrow.table")) == []
    assert list(named("import pyarrow as pa\npa.parquet.read_table")) == [("pyarrow", "pyarrow.parquet")]
    assert lacking(("pyarrow", ["pyarrow.lib", "pyarrow.parquet"])) == ["pyarrow.parquet"]

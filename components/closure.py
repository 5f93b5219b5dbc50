"""Files of ours that a module may import: read from syntax trees, so nothing is run and nothing is missed that a
function imports when it is called.

What a program composes, `import_module(f"…{name}")`, cannot be read: name such a module as a start of its own.
"""

import ast
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.util import resolve_name
from pathlib import Path

from components.errors import CasebookError

PACKAGES = ("components", "pipelines")


def closure(root: Path, modules: Iterable[str]) -> frozenset[Path]:
    """The files below `root` of dotted `modules`, of all in `PACKAGES` that these import, and so on; with the
    `__init__.py` of each package on the way, which an import runs first.

    Imports for a type checker alone do not count.

    Raises:
        CasebookError: there is no such module to start from.
    """
    seen: set[Path] = set()
    waiting: list[Path] = []
    for module in modules:
        found = _files(root, module)
        if not found or _module_file(root, module) is None:
            raise CasebookError(f"{root}: no module {module!r} below it")
        waiting += found
    while waiting:
        path = waiting.pop()
        if path in seen:
            continue
        seen.add(path)
        for name in _imported(root, path):
            waiting += _files(root, name)
    return frozenset(seen)


def _files(root: Path, dotted: str) -> list[Path]:
    """The files that run when `dotted` is imported: of its packages, and its own if it is a module of ours."""
    parts = dotted.split(".")
    if parts[0] not in PACKAGES:
        return []
    names = (".".join(parts[:count]) for count in range(1, len(parts) + 1))
    return [path for name in names if (path := _module_file(root, name)) is not None]


def _module_file(root: Path, dotted: str) -> Path | None:
    place = root.joinpath(*dotted.split("."))
    for path in (place.with_name(f"{place.name}.py"), place / "__init__.py"):
        if path.is_file():
            return path
    return None


def _imported(root: Path, path: Path) -> frozenset[str]:
    stat = path.stat()
    package = ".".join(path.relative_to(root).parent.parts)
    return _imports(path, package, stat.st_mtime_ns, stat.st_size)


@cache
def _imports(path: Path, package: str, _changed: int, _size: int) -> frozenset[str]:
    """Dotted names that a file imports. Of `from a import b` both `a` and `a.b`: whether b is a module, files tell."""
    return frozenset(_names(ast.parse(path.read_bytes(), path.name), package))


def _names(tree: ast.AST, package: str) -> Iterator[str]:
    pending = [tree]
    while pending:
        node = pending.pop()
        if isinstance(node, ast.If) and _is_type_checking(node.test):
            pending += node.orelse
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = resolve_name("." * node.level + (node.module or ""), package)
            yield module
            yield from (f"{module}.{alias.name}" for alias in node.names)
        pending += ast.iter_child_nodes(node)


def _is_type_checking(test: ast.expr) -> bool:
    name = test.attr if isinstance(test, ast.Attribute) else test.id if isinstance(test, ast.Name) else ""
    return name == "TYPE_CHECKING"

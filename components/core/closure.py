"""Files of ours that a module may import, read from syntax trees, and a digest of what they say.

Imports inside functions count, those of a type checker do not. A string that is the dotted name of a module of ours
counts as an import of it, since that is how a program starts or loads one by name. A file that lies beside a module,
such as a template, counts where the module names it.
"""

import ast
import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

PACKAGES = ("components", "pipelines")


@dataclass(frozen=True)
class Source:
    """One module: the dotted names that it may import, the texts that may name a file, and a digest of its code."""

    imports: frozenset[str]
    texts: frozenset[str]
    digest: str


def closure(root: Path, modules: Iterable[str]) -> frozenset[Path]:
    """The files below `root` that `modules`, dotted names, and all that they import may read.

    With each module go the `__init__.py` of the packages on the way to it.
    """
    found: set[Path] = set()
    pending = [path for name in modules if (path := _file_of(root, name)) is not None]
    while pending:
        path = pending.pop()
        if path in found:
            continue
        found.add(path)
        source = read_source(path)
        found.update(_beside(path, source.texts))
        pending += [other for name in source.imports if (other := _file_of(root, name)) is not None]
    packages = {folder / "__init__.py" for path in found for folder in path.parents if folder.is_relative_to(root)}
    return frozenset(found | {path for path in packages if path.is_file()})


def digest(root: Path, files: Iterable[Path]) -> str:
    """32 hexadecimal digits of what the files say and where they lie; comments and docstrings do not count."""
    whole = hashlib.sha256()
    for path in sorted(files):
        said = read_source(path).digest if path.suffix == ".py" else hashlib.sha256(path.read_bytes()).hexdigest()
        whole.update(f"{path.relative_to(root).as_posix()} {said}\n".encode())
    return whole.hexdigest()[:32]


def read_source(path: Path) -> Source:
    """The module at `path`, read once for each state of the file."""
    facts = path.stat()
    return _read(path, facts.st_mtime_ns, facts.st_size)


@cache
def _read(path: Path, _modified: int, _size: int) -> Source:
    tree = ast.parse(path.read_bytes(), filename=str(path))
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            _drop_docstring(node)
    nodes = list(_run(tree))
    texts = {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    names = {text for text in texts if text.startswith(tuple(f"{package}." for package in PACKAGES))}
    imported = {name for node in nodes for name in _imported(node)}
    said = hashlib.sha256(ast.unparse(tree).encode()).hexdigest()
    return Source(frozenset(imported | names), frozenset(text for text in texts if "." in text), said)


def _drop_docstring(node: ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> None:
    first = node.body[0] if node.body else None
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
        node.body = node.body[1:] or [ast.Pass()]


def _run(tree: ast.AST) -> Iterator[ast.AST]:
    """Every node but those for a type checker alone."""
    pending = [tree]
    while pending:
        node = pending.pop()
        yield node
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            pending += node.orelse
        else:
            pending += ast.iter_child_nodes(node)


def _imported(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
        yield node.module
        # `from components.sources import copying` imports a module.
        yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _file_of(root: Path, name: str) -> Path | None:
    if not name.startswith(PACKAGES):
        return None
    base = root.joinpath(*name.split("."))
    for path in (base.with_suffix(".py"), base / "__init__.py"):
        if path.is_file():
            return path
    return None


def _beside(path: Path, texts: frozenset[str]) -> Iterator[Path]:
    """Files of the module's own folder that it names."""
    for text in texts:
        if "/" not in text and len(text) < 100 and (file := path.parent / text).is_file():
            yield file

"""Tests go through what a module offers and say what they hold: read from the syntax trees of their files."""

import ast
import gc
import re
from collections.abc import Iterator
from typing import NamedTuple

import pytest

from tests.toy.jobs import CHECKOUT

# Attributes of libraries with an underscore, each the one way that its library documents.
LIBRARY = {
    "_exit": "of os: how a forked child ends without what its parent does at exit",
    "_replace": "of named tuples: the underscore keeps it apart from their fields",
}
ASSERTING = {"raises", "warns", "fail", "expect"}  # of pytest and Playwright; NumPy, pandas and torch: `assert_...`
PRIVATE = re.compile(r"(?<!\w)_[a-zA-Z]\w*")
# What a file has in which anything private can be reached: `x._y`, `import _y`, a line of such an import, "_y", "x:_y".
HINT = re.compile(r"""[\w)\]"':]\._\w|\bimport\b.*\b_\w|^\s+_\w+(?:,|$)|["':]_\w""", re.MULTILINE)
NAME = re.compile(r"(?:[\w.]+[.:])?_[a-zA-Z]\w*")  # a whole string: `_take`, or `components.tuning.workers._take`
DEFINED = re.compile(r"(?:def |class |self\.|\n)(_[a-zA-Z]\w*)")

Function = ast.FunctionDef | ast.AsyncFunctionDef


class Reach(NamedTuple):
    line: int
    what: str


def sources(*folders: str) -> dict[str, str]:
    """Text by module."""
    paths = sorted(path for folder in folders for path in (CHECKOUT / folder).rglob("*.py"))
    names = (path.relative_to(CHECKOUT).with_suffix("").as_posix().replace("/", ".") for path in paths)
    return dict(zip(names, (path.read_text(encoding="utf-8") for path in paths), strict=True))


def private_names_of_ours() -> frozenset[str]:
    code = sources("components", "pipelines", "benchmarks")
    return frozenset(name for text in code.values() for name in DEFINED.findall(text))


def reached(text: str, ours: frozenset[str]) -> list[Reach]:
    """Private names that a file imports, asks of what is not its own, or, if they are ours, gives by a string."""
    return sorted(set(_reached(ast.parse(text), ours))) if HINT.search(text) else []


def _reached(tree: ast.Module, ours: frozenset[str]) -> Iterator[Reach]:
    own = {node.name for node in ast.walk(tree) if isinstance(node, Function)}
    own |= {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute) and _of_self(node, ast.Store)}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom | ast.Import):
            module = [node.module] if isinstance(node, ast.ImportFrom) and node.module else []
            names = (".".join([*module, alias.name]) for alias in node.names)
            yield from (Reach(node.lineno, name) for name in names if any(map(PRIVATE.fullmatch, name.split("."))))
        elif isinstance(node, ast.Attribute) and PRIVATE.fullmatch(node.attr) and node.attr not in LIBRARY:
            if not (_of_self(node, ast.expr_context) and node.attr in own):
                yield Reach(node.lineno, node.attr)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            given = NAME.fullmatch(node.value) or "import " in node.value  # a name, or a script
            yield from (Reach(node.lineno, name) for name in set(PRIVATE.findall(node.value)) & ours if given)


def _of_self(node: ast.Attribute, context: type[ast.expr_context]) -> bool:
    return isinstance(node.value, ast.Name) and node.value.id in ("self", "cls") and isinstance(node.ctx, context)


def asserts(function: Function) -> bool:
    return any(isinstance(node, ast.Assert) or _asserting_call(node) for node in ast.walk(function))


def _asserting_call(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call):
        return False
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    return name in ASSERTING or name.startswith("assert_")


def silent(module: str, files: dict[str, str]) -> list[str]:
    """Tests that neither assert nor call by its name a function or fixture that does."""
    tree = ast.parse(files[module])
    bodies = (tree.body, *(node.body for node in tree.body if isinstance(node, ast.ClassDef)))
    functions = (node for body in bodies for node in body if isinstance(node, Function))
    tests = (node for node in functions if node.name.startswith("test"))
    return [test.name for test in tests if not asserts(test) and not any(_helpers(test, tree, files))]


def _helpers(test: Function, tree: ast.Module, files: dict[str, str]) -> Iterator[bool]:
    """Of what a test calls by its name: whether it asserts."""
    calls = (node.func for node in ast.walk(test) if isinstance(node, ast.Call))
    called = {function.id for function in calls if isinstance(function, ast.Name)}
    homes = {alias.name: node.module for node in tree.body if isinstance(node, ast.ImportFrom) for alias in node.names}
    given = {argument.arg for argument in test.args.args}
    for name in called:
        if name in given:
            places = [ast.parse(text) for text in files.values() if f"\ndef {name}(" in text]
        else:
            places = [ast.parse(files[homes[name] or ""]) if homes.get(name) in files else tree]
        functions = (node for place in places for node in place.body if isinstance(node, Function))
        yield any(function.name == name and asserts(function) for function in functions)


@pytest.fixture(scope="module")
def files() -> Iterator[dict[str, str]]:
    gc.disable()  # trees have no cycles; to look for some takes longer than all else here
    yield sources("tests")
    gc.enable()


def test_no_test_reaches_what_is_private(files: dict[str, str]) -> None:
    ours = private_names_of_ours()
    assert len(ours) > 100
    assert {module: found for module, text in files.items() if (found := reached(text, ours))} == {}


def test_every_test_says_what_it_holds(files: dict[str, str]) -> None:
    assert {
        module: found for module, text in files.items() if "def test" in text and (found := silent(module, files))
    } == {}


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("from components.tuning.workers import _planted, work", "components.tuning.workers._planted"),
        ("from components.tuning.workers import (\n    _planted,\n    work,\n)", "components.tuning.workers._planted"),
        ("import numpy._core.multiarray", "numpy._core.multiarray"),
        ("from mlflow.utils._spark import x", "mlflow.utils._spark.x"),
        ("def test_it(index):\n    assert index.rows()._planted == 1", "_planted"),
        ("learner._planted = trainer", "_planted"),
        ("class Mine(Learner):\n    def forward(self):\n        return self._planted", "_planted"),
        ("monkeypatch.setattr(workers, '_planted', take)", "_planted"),
        ("mocker.patch('components.tuning.workers._planted')", "_planted"),
        ("SCRIPT = 'from components.tuning.workers import _planted'", "_planted"),
    ],
)
def test_what_reaches_inside_is_found(text: str, what: str) -> None:
    assert [one.what for one in reached(text, frozenset({"_planted"}))] == [what]


@pytest.mark.parametrize(
    "text",
    [
        "import os\nos._exit(1)",
        "class Mine:\n    def __init__(self):\n        self._kept = 1\n    def kept(self):\n        return self._kept",
        "def _part():\n    return 1\n\n\nassert _part() == __file__ and [_ for _ in ()]",
        "assert state['_last_lr'] == frame['rating_planted'] == folder / '_planted.json'",
    ],
)
def test_what_is_a_files_own_or_a_librarys_is_not_reported(text: str) -> None:
    assert reached(text, frozenset({"_planted"})) == []


HELPERS = "def refused(call):\n    assert call() == 1\n\ndef begun(call):\n    call()\n"
BROWSER = (
    "@pytest.fixture\ndef see(page):\n    def look(text):\n        expect(text).to_be_visible()\n    return look\n"
)


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("check(rows)", ["test_it"]),
        ("subprocess.run(['python', '-c', 'assert False'], check=True)", ["test_it"]),
        ("begun(call)", ["test_it"]),
        ("see.begun(call)", ["test_it"]),
        ("assert check(rows) == ''", []),
        ("with pytest.raises(ValueError):\n        check(rows)", []),
        ("np.testing.assert_allclose(one, other)", []),
        ("refused(call)", []),
        ("see('Finished')", []),
    ],
)
def test_a_test_that_says_nothing_is_found(body: str, found: list[str]) -> None:
    text = f"from tests.helpers import begun, refused\n\ndef test_it(see):\n    {body}\n"
    files = {"tests.test_it": text, "tests.helpers": HELPERS, "tests.browser": BROWSER}
    assert silent("tests.test_it", files) == found

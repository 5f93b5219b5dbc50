import os
from pathlib import Path

import pytest

from components.closure import closure
from components.errors import CasebookError

TREE = {
    "components/__init__.py": "",
    "components/a.py": "from components.b.one import f\nimport json\nimport pandas as pd\n",
    "components/b/__init__.py": "",
    "components/b/one.py": "def f():\n    from components.b import two\n    import pipelines.deep.er\n",
    "components/b/two.py": "import components.a\n",  # a circle
    "components/b/alone.py": "import components.b.two\n",
    "components/typed.py": (
        "import typing\nfrom typing import TYPE_CHECKING\n"
        "if TYPE_CHECKING:\n    from components.b import alone\nelse:\n    import components.c\n"
        "if typing.TYPE_CHECKING:\n    import components.b.one\n"
    ),
    "components/c.py": "try:\n    import faiss\nexcept ImportError:\n    from components import d\n",
    "components/d.py": "class D:\n    from .b import two as three\n",
    "components/wide.py": "import components.b.alone as other, components.c\n",
    "pipelines/__init__.py": "from pipelines.started import VALUE\n",
    "pipelines/started.py": "VALUE = 1\n",
    "pipelines/deep/__init__.py": "",
    "pipelines/deep/er.py": "",
    "tests/__init__.py": "",
    "tests/x.py": "",
}
B = {"components/b/__init__.py", "components/b/one.py", "components/b/two.py"}
PIPELINES = {"pipelines/__init__.py", "pipelines/started.py", "pipelines/deep/__init__.py", "pipelines/deep/er.py"}
A = {"components/__init__.py", "components/a.py", *B, *PIPELINES}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name, text in TREE.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def names(root: Path, *modules: str) -> set[str]:
    return {path.relative_to(root).as_posix() for path in closure(root, modules)}


@pytest.mark.parametrize(
    ("module", "expected"),
    [
        ("components.a", A),  # by functions and circles, with the packages on the way and what these import
        ("components.b.alone", {*A, "components/b/alone.py"}),
        ("components.b", {"components/__init__.py", "components/b/__init__.py"}),
        ("pipelines.started", {"pipelines/__init__.py", "pipelines/started.py"}),
        ("components.d", {*A, "components/d.py"}),  # a relative import in a class
        ("components.c", {*A, "components/c.py", "components/d.py"}),
        ("components.wide", {*A, "components/wide.py", "components/b/alone.py", "components/c.py", "components/d.py"}),
    ],
)
def test_all_that_a_module_imports_and_nothing_else(root: Path, module: str, expected: set[str]) -> None:
    found = names(root, module)
    assert found == expected


def test_what_a_type_checker_alone_imports_is_left_out_and_the_other_branch_is_not(root: Path) -> None:
    found = names(root, "components.typed")
    assert "components/b/alone.py" not in found
    assert {"components/typed.py", "components/c.py", "components/d.py"} <= found
    (root / "components" / "c.py").write_text("", encoding="utf-8")
    assert names(root, "components.typed") == {"components/__init__.py", "components/typed.py", "components/c.py"}


def test_several_starts_are_one_set(root: Path) -> None:
    assert names(root, "components.b", "pipelines.started") == names(root, "components.b") | names(
        root, "pipelines.started"
    )
    assert names(root) == set()


def test_an_edit_is_seen(root: Path) -> None:
    assert "components/b/alone.py" not in names(root, "components.a")
    path = root / "components" / "b" / "two.py"
    path.write_text("import components.b.alone\n", encoding="utf-8")
    assert "components/b/alone.py" in names(root, "components.a")
    stat = path.stat()
    path.write_text("import components.b.nowhe\n", encoding="utf-8")  # as many bytes
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns + 1))
    assert "components/b/alone.py" not in names(root, "components.a")


@pytest.mark.parametrize("module", ["components.nowhere", "components.a.f", "json", "tests.x"])
def test_a_start_that_is_no_module_of_ours_is_named(root: Path, module: str) -> None:
    with pytest.raises(CasebookError, match=f"no module '{module}' below it"):
        closure(root, [module])

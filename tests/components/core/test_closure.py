"""Files that a module may import, and what of them a digest sees."""

from pathlib import Path

import pytest

from components.core.closure import closure, digest

FILES = {
    "components/__init__.py": "",
    "components/kinds/__init__.py": "",
    "components/a.py": "from components import b\nimport numpy\n",
    "components/b.py": "def late():\n    import components.c\n",
    "components/c.py": "",
    "components/checked.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from components.c import x\n",
    "components/started.py": 'COMMAND = ["python", "-m", "components.kinds.helper"]\n',
    "components/kinds/helper.py": "import components.kinds.other as other\n",
    "components/kinds/other.py": "",
    "components/card.py": 'TEMPLATE = "card.md.j2"\n',
    "components/card.md.j2": "{{ name }}\n",
    "components/unused.py": "",
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


def found(root: Path, *modules: str) -> set[str]:
    """Without the packages on the way, of which there is a test of their own."""
    paths = {path.relative_to(root).as_posix() for path in closure(root, modules)}
    return {path for path in paths if not path.endswith("__init__.py")}


@pytest.mark.parametrize(
    ("module", "expected"),
    [
        ("components.a", {"components/a.py", "components/b.py", "components/c.py"}),
        ("components.b", {"components/b.py", "components/c.py"}),  # an import inside a function
        ("components.checked", {"components/checked.py"}),
        (
            "components.started",
            {"components/started.py", "components/kinds/helper.py", "components/kinds/other.py"},
        ),
        ("components.card", {"components/card.py", "components/card.md.j2"}),
        ("components.nowhere", set()),
        ("numpy", set()),
    ],
)
def test_all_that_a_module_may_import_is_found(root: Path, module: str, expected: set[str]) -> None:
    assert found(root, module) == expected


def test_the_packages_on_the_way_are_files_too(root: Path) -> None:
    paths = {path.relative_to(root).as_posix() for path in closure(root, ["components.kinds.other"])}
    assert paths == {"components/__init__.py", "components/kinds/__init__.py", "components/kinds/other.py"}


def test_modules_that_import_each_other_are_found_once(root: Path) -> None:
    (root / "components/c.py").write_text("import components.a\n")
    assert found(root, "components.c") == {"components/a.py", "components/b.py", "components/c.py"}


@pytest.mark.parametrize(
    ("before", "after", "same"),
    [
        ("a = 1\n", "a = 1  # why\n", True),
        ("a = 1\n", '"""What a is."""\n\n\na = 1\n', True),
        ('def f():\n    """Old."""\n    return 1\n', 'def f():\n    """New."""\n\n    return 1\n', True),
        ("class A:\n    pass\n", 'class A:\n    """A thing."""\n', True),
        ("a = 1\n", "a = 2\n", False),
        ("a = 1\n", "a = 1\nb = 2\n", False),
        ('a = "why"\n', 'a = "how"\n', False),
        ("def f(x): return x\n", "def f(x, y=0): return x\n", False),
    ],
)
def test_a_digest_sees_code_and_no_comment(root: Path, before: str, after: str, same: bool) -> None:
    path = root / "components" / "c.py"
    path.write_text(before)
    first = digest(root, [path])
    path.write_text(after)
    assert (digest(root, [path]) == first) is same


def test_a_digest_sees_templates_and_names(root: Path) -> None:
    card, template = root / "components" / "card.py", root / "components" / "card.md.j2"
    first = digest(root, [card, template])
    assert digest(root, [card]) != first
    template.write_text("# {{ name }}\n")
    assert digest(root, [card, template]) != first
    assert digest(root, [root / "components" / "c.py"]) != digest(root, [root / "components" / "unused.py"])

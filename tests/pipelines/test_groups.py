"""The tool as a whole: its help, its version, and a command that is mistyped."""

import importlib.metadata
import re
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from pipelines.cli import app
from pipelines.commands.groups import GROUPS, GroupedCommands

ROOT = Path(__file__).resolve().parents[2]


def said(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, arguments, prog_name="casebook")
    return done.exit_code, done.output


def test_every_command_stands_in_the_help_once_below_its_group_and_is_not_cut() -> None:
    code, text = said("--help")
    assert code == 0
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        if title := re.fullmatch(r"(\w[\w ]*):", line):
            names = found.setdefault(title[1], [])
        elif name := re.match(r"  ([a-z][a-z-]+)  +[A-Z]", line):
            names.append(name[1])
    assert found == {"Options": [], **{title: list(names) for title, names in GROUPS.items()}}
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    assert sorted(name for names in found.values() for name in names) == sorted(commands)
    assert "..." not in text.partition("Run a case:")[2]
    assert max(map(len, text.splitlines())) <= 80


def test_a_command_without_a_group_is_not_lost() -> None:
    other = typer.Typer(cls=GroupedCommands, rich_markup_mode=None)
    for name in ("run", "mine"):
        other.command(name)(lambda: None)
    text = CliRunner().invoke(other, ["--help"]).output
    assert re.findall(r"^(\w.*):|^  ([a-z]+) *$", text, re.MULTILINE)[-4:] == [
        ("Run a case", ""),
        ("", "run"),
        ("More", ""),
        ("", "mine"),
    ]


def test_the_version_is_that_of_the_package() -> None:
    assert said("--version") == (0, f"casebook {importlib.metadata.version('casebook')}\n")


@pytest.mark.parametrize(("word", "meant"), [("prdict", "predict"), ("lst", "list"), ("new_recipe", "new-recipe")])
def test_a_mistyped_command_is_answered_with_the_nearest(word: str, meant: str) -> None:
    code, text = said(word, "finance_risk")
    assert code == 2
    assert f"No such command '{word}'. Did you mean '{meant}'" in text


def test_help_imports_nothing_that_commands_need() -> None:
    words = "import sys; from pipelines.cli import app; app(['--help'], standalone_mode=False); "
    words += "print(*[name for name in ('rich', 'pydantic', 'numpy', 'mlflow', 'dvc') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", words], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == ""

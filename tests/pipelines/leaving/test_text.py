"""Entries cut out of a YAML text and keys renamed in it, with every other byte as it was."""

from pathlib import Path

import pytest
import yaml

from components.core.errors import CasebookError
from pipelines.leaving.text import applied, pairs, read, replaced, without

TEXT = """\
# Cases of this checkout.
cases:
  # The first.
  a:
    x: 1   # one
    y: |
      a text
      # no comment

    # of a's own

  # About tables.

  # The second,
  # in two lines.
  b: {x: 2}

  'c':
    x: [1,
        2]
    # of c's own
  # after all

operate:   # what runs when
  cases: {a: {k: 1}, b: {k: 2}}
"""


def cut(text: str, *names: str, path: tuple[str, ...] = ("cases",)) -> str:
    return without(text, path, lambda name: name in names)


def test_an_entry_goes_with_the_comments_above_it_and_inside_it() -> None:
    a = TEXT[TEXT.index("  # The first.") : TEXT.index("  # About tables.")]
    assert cut(TEXT, "a") == TEXT.replace(a, "")
    b = TEXT[TEXT.index("  # The second,") : TEXT.index("  'c':")]
    assert cut(TEXT, "b") == TEXT.replace(b, "")


def test_the_last_entry_takes_the_empty_line_before_it_and_leaves_what_follows() -> None:
    c = TEXT[TEXT.index("\n  'c':") : TEXT.index("  # after all")]
    assert cut(TEXT, "c") == TEXT.replace(c, "")


def test_where_nothing_is_left_the_mapping_is_empty() -> None:
    left = cut(TEXT, "a", "b", "c")
    assert left.startswith("# Cases of this checkout.\ncases: {}\n")
    assert "# About tables." in left
    assert yaml.safe_load(left)["cases"] == {}


@pytest.mark.parametrize(
    ("names", "left"),
    [(["a"], "{b: {k: 2}}"), (["b"], "{a: {k: 1}}"), (["a", "b"], "{}"), (["none"], "{a: {k: 1}, b: {k: 2}}")],
)
def test_an_entry_between_braces(names: list[str], left: str) -> None:
    assert cut(TEXT, *names, path=("operate", "cases")) == TEXT.replace("{a: {k: 1}, b: {k: 2}}", left)


def test_middle_and_last_between_braces_at_once() -> None:
    assert cut("cases: {a: 1, b: 2, c: 3, d: 4}\n", "b", "d") == "cases: {a: 1, c: 3}\n"
    assert cut("cases: {a: 1, b: 2, c: 3, d: 4}\n", "c", "d") == "cases: {a: 1, b: 2}\n"


def test_a_text_that_ends_without_a_line_break() -> None:
    assert cut("cases:\n  a: 1\n  b: 2", "b") == "cases:\n  a: 1\n"
    assert cut("cases:\n  a: 1\n  b: 2", "a") == "cases:\n  b: 2"


def test_a_path_that_is_not_there() -> None:
    assert cut("cases: {a: 1}\n", "a", path=("operate", "cases")) == "cases: {a: 1}\n"


def test_an_entry_that_another_refers_to_stays() -> None:
    with pytest.raises(CasebookError, match="something else needs it"):
        cut("cases:\n  a: &one\n    x: 1\n  b: *one\n", "a")


def test_any_case_of_the_repository_comes_out_by_line() -> None:
    text = Path(__file__).parents[3].joinpath("params.yaml").read_text(encoding="utf-8")
    names = list(yaml.safe_load(text)["cases"])
    for name in names:
        left = cut(text, name)
        assert list(yaml.safe_load(left)["cases"]) == [other for other in names if other != name]
        same = next((at for at, (one, other) in enumerate(zip(text, left, strict=False)) if one != other), len(left))
        assert text.endswith(left[same:])
        assert f"\n  {name}:" not in left
        assert "\n\n\n" not in left


def test_a_key_is_replaced_in_its_place_and_quotes() -> None:
    keys = {key.value: key for key, _ in pairs(read(TEXT), "cases")}
    edits = [replaced(TEXT, keys["a"], "long_name"), replaced(TEXT, keys["c"], "d")]
    assert applied(TEXT, edits) == TEXT.replace("  a:\n", "  long_name:\n").replace("'c':", "'d':")

"""YAML 1.2, as DVC reads and writes it: what stands in a file is read the same after DVC has rewritten it."""

from pathlib import Path
from typing import Any

import pytest
from dvc.utils.serialize import modify_yaml

from components.core.errors import CasebookError
from components.core.yaml_files import dump_yaml, parse_yaml, read_yaml

ROOT = Path(__file__).resolve().parents[3]
WRITTEN = [
    ROOT / "params.yaml",
    *sorted(ROOT.glob("examples/*.yaml")),
    *sorted(ROOT.glob("components/recipes/*/*.yaml")),
]


def rewritten(text: str, path: Path) -> str:
    """As `dvc exp run -S` leaves a file."""
    path.write_text(text, encoding="utf-8")
    with modify_yaml(str(path)):
        pass
    return path.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("[no, yes, on, off, y]", ["no", "yes", "on", "off", "y"]),
        ("[1e-4, 1.0e-4, 2E3]", [0.0001, 0.0001, 2000.0]),
        ("[true, false, null, ~]", [True, False, None, None]),
        ("12:30", "12:30"),  # YAML 1.1 reads 750
        ("010", 10),  # YAML 1.1 reads 8
        ("110_000", 110000),
    ],
)
def test_scalars_are_those_of_yaml_1_2(text: str, value: Any) -> None:
    assert parse_yaml(f"a: {text}", "x.yaml") == {"a": value}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\nb:\n  c: 2\n  c: 3\n", "x.yaml: line 4: the key 'c' stands twice in its block; remove one of them"),
        ("a: b: c\n", "x.yaml: not YAML: mapping values are not allowed in this context in line 1, column 5"),
        ("a: !!python/none {}\n", "x.yaml: not YAML: could not determine a constructor for the tag"),
    ],
)
def test_what_cannot_be_read_is_told_with_its_line(text: str, message: str) -> None:
    with pytest.raises(CasebookError) as error:
        parse_yaml(text, "x.yaml")
    assert str(error.value).startswith(message)


def test_a_file_that_is_not_utf_8_is_told_with_the_byte(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_bytes(b"a: \xff\n")
    with pytest.raises(CasebookError, match="not UTF-8 at byte 3; save it as UTF-8"):
        read_yaml(tmp_path / "a.yaml")


@pytest.mark.parametrize("file", WRITTEN, ids=[str(file.relative_to(ROOT)) for file in WRITTEN])
def test_each_file_of_ours_is_read_the_same_after_dvc_has_rewritten_it(file: Path, tmp_path: Path) -> None:
    text = file.read_text(encoding="utf-8")
    assert parse_yaml(rewritten(text, tmp_path / "params.yaml"), file.name) == parse_yaml(text, file.name)


CONTENT = {
    "columns": {"user": "user_id:token", "age": {"column": "a: b", "kind": "band"}, "no": "yes", "list": ["x:y", 1]},
    "texts": ["no", "1e-4", "null", "", " padded ", "# none", "-", "?", "010", "1_000", "50 %", "it's", "a, b", "{x}"],
    "numbers": [1e-4, 1.0, -3, 1e300, 110000],
    "empty": {"map": {}, "list": [], "none": None, "true": True},
    "long": {f"name {number}": f"a * {number}" for number in range(30)},
    "citation": "first: " + "a long text " * 30,
    "deep": {"fit.lr": {"kind": "float", "low": 1e-5, "values": [[1, 2], ["a", "ü"]]}},
}


def test_what_is_written_is_read_the_same_and_so_after_dvc_has_rewritten_it(tmp_path: Path) -> None:
    text = dump_yaml(CONTENT)
    assert parse_yaml(text, "x.yaml") == CONTENT
    assert parse_yaml(rewritten(text, tmp_path / "params.yaml"), "x.yaml") == CONTENT


def test_what_is_short_stands_in_one_line() -> None:
    column = {"Home": {"kind": "categorical", "values": ["owner", "rent"]}, "Seniority": {"kind": "numeric", "min": 0}}
    written = "columns:\n  Home: {kind: categorical, values: [owner, rent]}\n  Seniority: {kind: numeric, min: 0}\n"
    assert dump_yaml({"columns": column}) == written


def test_dvc_sets_a_value_in_what_is_written(tmp_path: Path) -> None:
    path = tmp_path / "params.yaml"
    path.write_text(dump_yaml(CONTENT), encoding="utf-8")
    with modify_yaml(str(path)) as content:
        content["numbers"][0] = 0.5
    assert read_yaml(path) == {**CONTENT, "numbers": [0.5, *CONTENT["numbers"][1:]]}


BOMB = "a0: &a0 [x, x]\n" + "".join(f"a{i}: &a{i} [*a{i - 1}, *a{i - 1}]\n" for i in range(1, 40))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: " + "[" * 100_000 + "]" * 100_000, "line 1: more than 50 blocks in one another"),
        ("a:\n" + "- " * 200_000 + "x", "line 2: more than 50 blocks"),
        ("\n".join(f"{'  ' * depth}a:" for depth in range(60)), "line 51: more than 50 blocks"),
        (BOMB, r"its aliases \(\*name\) stand for more than 100,000 values"),
        ("a: &a [*a]", "its aliases"),
    ],
    ids=["flow", "lists", "maps", "aliases", "itself"],
)
def test_a_text_that_is_too_deep_or_grows_too_large_is_refused(text: str, message: str) -> None:
    with pytest.raises(CasebookError, match=f"^params.yaml: {message}"):
        parse_yaml(text, "params.yaml")


def test_what_only_looks_deep_is_read() -> None:
    quoted = "[" * 200
    assert parse_yaml(f"a: '{quoted}'\nb: &b {{c: 1}}\nd: *b\n", "params.yaml") == {
        "a": quoted,
        "b": {"c": 1},
        "d": {"c": 1},
    }

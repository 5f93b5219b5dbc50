"""Form of a text of rows, read off its beginning."""

from pathlib import Path

import pytest

from components.core.errors import CasebookError
from components.kits.tables.encoding.reading import TextReading
from components.kits.tables.forms import find_form

FILE = Path("rows.txt")
FILMS = "1::Toy Story (1995)::Animation|Children's|Comedy|Drama\n2::Heat (1995)::Action\n3::Jumanji (1995)::Fantasy\n"


@pytest.mark.parametrize(
    ("text", "delimiter", "names"),
    [
        ("user,item\n1,2\n", ",", ["user", "item"]),
        ("a b\tc\n1\t2\n", "\t", ["a b", "c"]),
        ('"a;b";c\n1;2\n', ";", ["a;b", "c"]),
        ("\n\nuser|item\n1|2\n", "|", ["user", "item"]),
        (FILMS, "::", ["1", "Toy Story (1995)", "Animation|Children's|Comedy|Drama"]),
        ('{"a": 1}\n{"b": [2], "a": null}\n{"a"', None, ["a", "b"]),
        ("{a,b\n1,2\n", ",", ["{a", "b"]),
    ],
)
def test_delimiter_and_names(text: str, delimiter: str | None, names: list[str]) -> None:
    form = find_form(FILE, text.encode(), TextReading())
    assert (form.delimiter, form.names) == (delimiter, names)
    assert form.skip == (2 if text.startswith("\n") else 0)


def test_the_names_that_are_needed_decide() -> None:
    text = b"a,b,c;item\n1,2,3;4\n"
    assert find_form(FILE, text, TextReading()).delimiter == ","
    assert find_form(FILE, text, TextReading(), ["item"]).delimiter == ";"


def test_a_file_that_is_empty_is_told() -> None:
    with pytest.raises(CasebookError, match=r"rows.txt: the file is empty; it needs a header line and rows"):
        find_form(FILE, b"\xef\xbb\xbf\n \n", TextReading())


def test_a_line_of_json_may_hold_other_ends_of_lines() -> None:
    text = '{"user": 1, "title": "a\u2028b"}\n{"user": 2, "title": "c\x85d"}\n'
    form = find_form(FILE, text.encode(), TextReading())
    assert (form.delimiter, form.names) == (None, ["user", "title"])

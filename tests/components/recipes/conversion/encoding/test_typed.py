"""Lines of a file: what ends one, whatever falls between two reads of it, and which encodings are refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.core.errors import CasebookError
from components.recipes.conversion.encoding import typed
from components.recipes.conversion.encoding.invisible import without_invisible
from components.recipes.conversion.encoding.typed import read_lines

ENDS = ["\n", "\r", "\r\n", "\x0b", "\x0c", "\x85", "\u2028", "\u2029"]


def lines_of(path) -> list[str]:
    return [line for _, lines in read_lines(path) for line in lines]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "in.txt"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ni hao\rzai jian\rxie xie\r", ["ni hao", "zai jian", "xie xie"]),
        ("ni hao\u2028zai jian\x85xie xie\u2028hao\n", ["ni hao", "zai jian", "xie xie", "hao"]),
        ("a\r\n\r\nb\n\rc", ["a", "", "b", "", "c"]),
        ("a\x0bb\x0cc", ["a", "b", "c"]),
        ("\ufeffa\n\ufeffb\n", ["a", "\ufeffb"]),
        ("\n", [""]),
        ("", []),
    ],
)
def test_every_end_ends_a_line(path, text, expected):
    path.write_bytes(text.encode())
    assert lines_of(path) == expected


@given(
    lines=st.lists(st.tuples(st.text("aü好 \t", max_size=4), st.sampled_from(ENDS)), max_size=12),
    chunk=st.integers(1, 7),
)
def test_lines_are_the_same_wherever_a_read_of_the_file_ends(tmp_path_factory, lines, chunk):
    # A line that is "" after a CR would make a CRLF of two ends.
    lines = [(text or "a", end) for text, end in lines]
    path = tmp_path_factory.mktemp("lines") / "in.txt"
    path.write_bytes("".join(text + end for text, end in lines).encode())
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(typed, "CHUNK", chunk)
        assert lines_of(path) == [text for text, _ in lines]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("ni hao\nzai".encode("utf-16-le"), "written in UTF-16LE, not UTF-8; convert it: iconv -f UTF-16LE -t UTF-8"),
        ("ni hao\nzai".encode("utf-16-be"), "written in UTF-16BE, not UTF-8"),
        ("ni hao\n".encode("utf-16"), "written in UTF-16, not UTF-8"),
        ("zai\n你好吗我们\n".encode("gb18030"), "byte 0xc4 in line 2; convert it, for example: iconv -f GB18030"),
        ("zai\rnǐ\r".encode() + b"\xff", "byte 0xff in line 3"),
    ],
)
def test_a_text_in_another_encoding_is_refused_with_one_that_fits_its_bytes(path, content, said):
    path.write_bytes(content)
    with pytest.raises(CasebookError) as error:
        lines_of(path)
    assert said in str(error.value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("\u200bni hao\u200b", ("ni hao", 2)),
        ("ni\u200bhao", ("nihao", 1)),
        ("ni\u00adhao\0", ("nihao", 2)),
        ("\u202eni hao", ("ni hao", 1)),
        ("ni\u200dhao", ("nihao", 1)),
        ("👩\u200d🚀 hao", ("👩\u200d🚀 hao", 0)),
        ("ni hao", ("ni hao", 0)),
    ],
)
def test_what_nobody_sees_is_dropped_and_counted_but_for_a_joiner_of_an_emoji(text, expected):
    assert without_invisible(text) == expected

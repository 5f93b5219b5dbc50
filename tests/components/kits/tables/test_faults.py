"""Rows that stop a reader, found in the text."""

from pathlib import Path

import pytest

from components.kits.tables import faults
from components.kits.tables.faults import clipped, mixed_ends, stray_quotes


@pytest.mark.parametrize("piece", [1, 2, 3, 1 << 20])
@pytest.mark.parametrize(
    ("text", "told"),
    [
        (b"a\nb\nc\n", None),
        (b"a\r\nb\r\nc", None),
        (b"a\rb\r", None),
        (b"a\r\nb\r\nc d\ne\r\n", "line 3 ends in LF and those above it in CR LF: 'c d'"),
        (b"a\nb\rc\n", "line 2 ends in CR and those above it in LF: 'b'"),
    ],
)
def test_the_first_line_that_ends_otherwise_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: bytes, told: str | None, piece: int
) -> None:
    monkeypatch.setattr(faults, "PIECE", piece)
    (tmp_path / "rows.csv").write_bytes(text)
    found = mixed_ends(tmp_path / "rows.csv")
    assert found is None if told is None else str(found).startswith(told if piece > 100 else told.partition(":")[0])


@pytest.mark.parametrize(
    ("line", "stray"),
    [
        ('1\t"a"\tx', False),
        ('1\ta "b" c\tx', False),
        ('1\t"a ""b"" c"\tx', False),
        ('1\t"a" b\tx', True),
        ('1\t"a\tx', True),
        ('1\t"\tx', True),
        ('1\t"a\tb"\tx', False),  # a cell with a tab
    ],
)
def test_stray_quotes(line: str, stray: bool) -> None:
    assert stray_quotes(line, "\t", 3) is stray


def test_long_rows_are_cut() -> None:
    assert clipped("x" * 200) == repr("x" * 200)
    assert clipped("x" * 201) == repr("x" * 200) + "…"

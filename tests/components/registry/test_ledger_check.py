"""Two copies of a ledger held against each other, entry by entry; the chain tells which of two was changed."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from components.registry.ledger import PROMOTED, REFUSED, Entry, Record
from components.registry.ledger_check import compare, flaws
from components.registry.ledger_file import Content, Line, digest_of

CASE, PATH = "toy_case", Path("ledger/toy_case.jsonl")
AGAIN = f"move {PATH} away: `casebook verify {CASE}` writes it anew from MLflow's tags"


def entry(number: int, version: str, parents: list[str] | None, action: str = PROMOTED) -> Entry:
    return Entry(
        action=action,  # type: ignore[arg-type]
        version=version,
        before=None,
        after=version,
        digest="d",
        origin={"run_id": "r"},
        metrics={},
        checks=[],
        number=number,
        time=f"2026-11-22T{number:02}:00:00.000+00:00",
        by="ann",
        parents=parents,
    )


def chain(*, older: bool = False) -> list[Record]:
    """Three entries, each after the one before; `older` ones do not say so."""
    records: list[Record] = []
    for number in (1, 2, 3):
        one = entry(number, str(number), None if older else [record.digest for record in records[-1:]])
        records.append(Record(one, asdict(one)))
    return records


def lines(*words: Mapping[str, Any]) -> Content:
    return Content(tuple(Line(number, one, None) for number, one in enumerate(words, start=1)))


def told(content: Content, records: list[Record]) -> list[tuple[str, str, str, str]]:
    found = compare(CASE, PATH, content, records)
    return [(one.what, one.registered, one.found, one.remedy) for one in found]


@pytest.mark.parametrize("older", [False, True])
def test_two_whole_copies_say_the_same(older: bool) -> None:
    records = chain(older=older)
    assert told(lines(*(one.words for one in records)), records) == []


@pytest.mark.parametrize("older", [False, True])
def test_a_line_that_is_missing_is_named_with_what_to_do(older: bool) -> None:
    records = chain(older=older)
    assert told(lines(records[0].words, records[2].words), records) == [
        (str(PATH), "decision 2: promoted version 2", "missing", AGAIN)
    ]


def test_a_tag_that_is_missing_is_named_with_the_line_that_has_it() -> None:
    records = chain()
    assert told(lines(*(one.words for one in records)), [records[0], records[2]]) == [
        (
            "MLflow's tags",
            f"decision 2, as {PATH} line 2",
            "missing",
            f"`casebook restore-registry {CASE}` writes it again",
        )
    ]


def test_of_two_that_differ_the_entry_after_them_tells_which_was_changed() -> None:
    records = chain()
    other = {**records[1].words, "version": "7", "after": "7"}
    changed_line = told(lines(records[0].words, other, records[2].words), records)
    assert changed_line == [(f"{PATH} line 2: after, version", "2, 2", "7, 7", f"the line was changed: {AGAIN}")]
    changed_tag = told(lines(*(one.words for one in records)), [records[0], Record(Entry(**other), other), records[2]])
    remedy = f"the tag was changed: `casebook restore-registry {CASE}` writes it as the line has it"
    assert changed_tag == [("MLflow's tags, decision 2: after, version", "2, 2", "7, 7", remedy)]


def test_of_the_last_entry_nothing_tells_which_was_changed() -> None:
    records = chain()
    other = {**records[2].words, "by": "eve"}
    ((what, registered, found, remedy),) = told(lines(records[0].words, records[1].words, other), records)
    assert (what, registered, found) == (f"{PATH} line 3: by", "ann", "eve")
    assert remedy.startswith(f"the line or the tag was changed; if the tag is right, {AGAIN}; if the line is, delete")


@pytest.mark.parametrize("older", [False, True])
def test_lines_out_of_order_are_named(older: bool) -> None:
    records = chain(older=older)
    assert told(lines(records[0].words, records[2].words, records[1].words), records) == [
        (f"{PATH} line 2: decision 3", "after the one before it", "before it, which is line 3", AGAIN)
    ]


def test_two_machines_at_once_may_stand_in_any_order() -> None:
    first = asdict(entry(1, "1", []))
    ours, theirs = (asdict(entry(2, version, [digest_of(first)], REFUSED)) for version in ("2", "3"))
    joined = asdict(entry(3, "4", [digest_of(ours), digest_of(theirs)]))
    records = [Record(Entry(**words), words) for words in (first, ours, theirs, joined)]
    assert told(lines(first, theirs, ours, joined), records) == []


def test_a_line_that_is_none_and_one_that_is_there_twice_are_named() -> None:
    records = chain()
    twice = lines(*(one.words for one in (*records, records[1])))
    assert told(twice, records) == [(f"{PATH} line 4", "one line a decision", "as line 2", "delete the line")]
    torn = Content(lines(records[0].words, records[1].words).lines, unreadable=(3,))
    assert [one[0] for one in told(torn, records)] == [f"{PATH} line 3", str(PATH)]


def test_an_entry_that_was_changed_in_both_copies_breaks_the_chain() -> None:
    records = chain()
    other = {**records[0].words, "metrics": {"auc": {"value": 0.99}}}
    both = [Record(Entry(**other), other), *records[1:]]
    ((what, registered, found, _),) = told(lines(*(one.words for one in both)), both)
    assert (what, registered, found) == (f"{PATH} line 2", f"after entry {records[0].digest}", "no such entry")
    (alone,) = flaws(CASE, PATH, lines(*(one.words for one in both)))
    assert alone.what == what

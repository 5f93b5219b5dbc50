"""Whether the two copies of the ledger, MLflow's tags and the checkout's file, are whole and say the same."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from components.registry.ledger import Record, parents_of
from components.registry.ledger_file import Content, Line
from components.registry.mismatch import Mismatch

TAGS = "MLflow's tags"


def compare(case: str, path: Path, content: Content, records: Sequence[Record]) -> list[Mismatch]:
    """What is missing, changed, out of order or cannot be read, of either copy. `path` is the file, as it is shown."""
    return [*flaws(case, path, content, records), *_differences(case, path, content, records)]


def flaws(case: str, path: Path, content: Content, records: Sequence[Record] = ()) -> list[Mismatch]:
    """What is wrong with the file by itself, and with the chain of entries; `records` are those that MLflow has."""
    again = _again(case, path)
    found = [
        Mismatch(f"{path} line {number}", "a decision", "cannot be read", f"delete the line, or {again}")
        for number in content.unreadable
    ]
    places: dict[str, int] = {}
    for line in content.lines:
        what = f"{path} line {line.number}"
        if line.digest in places:
            found.append(Mismatch(what, "one line a decision", f"as line {places[line.digest]}", "delete the line"))
        places.setdefault(line.digest, line.number)
    for line in content.lines:
        if (later := _too_late(line, content, places)) is not None:
            what = f"{path} line {line.number}: decision {line.entry['number']}"
            found.append(Mismatch(what, "after the one before it", f"before it, which is line {later}", again))
    return found + list(_broken_links(path, content, records))


def _too_late(line: Line, content: Content, places: Mapping[str, int]) -> int | None:
    """A line that should stand before this one and does not; an entry that names no parents goes by its number."""
    late = [places[one] for one in _parents(line) if places.get(one, 0) > line.number]
    if line.entry.get("parents") is None:
        number = line.entry["number"]
        late += [one.number for one in content.lines if one.number > line.number and one.entry["number"] < number]
    return max(late, default=None)


def _broken_links(path: Path, content: Content, records: Sequence[Record]) -> Iterator[Mismatch]:
    """Entries that name one which neither copy has: it was changed or taken away in both."""
    known = {line.digest for line in content.lines} | {record.digest for record in records}
    told: set[str] = set()
    named = [(f"{path} line {line.number}", line.digest, _parents(line)) for line in content.lines]
    named += [(f"{TAGS}, decision {one.entry.number}", one.digest, one.entry.parents or ()) for one in records]
    for what, digest, parents in named:
        if digest not in told and (lacking := [one for one in parents if one not in known]):
            told.add(digest)
            remedy = f"an entry before it was changed or taken away: bring {path} or MLflow back from a backup"
            yield Mismatch(what, f"after entry {', '.join(lacking)}", "no such entry", remedy)


def _differences(case: str, path: Path, content: Content, records: Sequence[Record]) -> Iterator[Mismatch]:
    lines = {line.digest: line for line in content.lines}
    tags = {record.digest: record for record in records}
    alone = [line for digest, line in lines.items() if digest not in tags]
    lacking = [record for digest, record in tags.items() if digest not in lines]
    named = {one for line in content.lines for one in _parents(line)}
    named |= {one for parents in parents_of(records).values() for one in parents}
    for line in alone:
        number = line.entry["number"]
        other = next((record for record in lacking if record.entry.number == number), None)
        if other is None:
            remedy = f"`casebook restore-registry {case}` writes it again"
            yield Mismatch(TAGS, f"decision {number}, as {path} line {line.number}", "missing", remedy)
            continue
        lacking.remove(other)
        yield _changed(case, path, line, other, named)
    for record in lacking:
        what = f"decision {record.entry.number}: {record.entry.action} version {record.entry.version}"
        yield Mismatch(str(path), what, "missing", _again(case, path))


def _changed(case: str, path: Path, line: Line, record: Record, named: set[str]) -> Mismatch:
    """Which of the two was changed, the entry after them tells: it names the other."""
    fields = _fields(line.entry, record.words)
    what = f"{path} line {line.number}: {', '.join(fields)}"
    by_line = ", ".join(_shown(line.entry.get(name)) for name in fields)
    by_tag = ", ".join(_shown(record.words.get(name)) for name in fields)
    if record.digest in named and line.digest not in named:
        return Mismatch(what, by_tag, by_line, f"the line was changed: {_again(case, path)}")
    if line.digest in named and record.digest not in named:
        remedy = f"the tag was changed: `casebook restore-registry {case}` writes it as the line has it"
        return Mismatch(f"{TAGS}, decision {record.entry.number}: {', '.join(fields)}", by_line, by_tag, remedy)
    remedy = (
        f"the line or the tag was changed; if the tag is right, {_again(case, path)}; if the line is, delete the tag: "
        f"`casebook restore-registry {case}` writes it"
    )
    return Mismatch(what, by_tag, by_line, remedy)


def _parents(line: Line) -> Sequence[str]:
    return line.entry.get("parents") or ()


def _fields(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    return sorted(name for name in {**one, **other} if one.get(name) != other.get(name))


def _shown(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 60 else f"{text[:60]}…"


def _again(case: str, path: Path) -> str:
    return f"move {path} away: `casebook verify {case}` writes it anew from {TAGS}"

"""The champion, a version's lineage and the ledger in words, for people; `--json` has the same for programs."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from components.core.histories import moment as in_utc
from components.core.params.gate_override import Override, in_words
from components.core.written import written, written_interval
from components.registry.ledger import PROMOTED, REFUSED, Entry
from components.registry.overriding import overrides_of

NONE = "–"
COMMIT, MD5 = 8, 12  # characters of a hash that are shown
MADE_OF = (("fit", "fitted_md5"), ("data", "data_md5"), ("raw rows", "raw_md5"))  # by the tag of the digest
LOCKS = {
    "commit": "The paths are those of dvc.lock in that commit.",
    "registered": "The paths are those of the dvc.lock that is kept with the model: the commit's is of other bytes.",
    None: "No dvc.lock was kept with the model.",
}


@dataclass(frozen=True)
class Look:
    """What there is to say of a champion besides its entry: the metrics that matter, the first before all; the variant
    that serves and its bytes, and the card, where they are known; a command that asks it; the moment up to which it
    knows its users, if it keeps anything of any.
    """

    metrics: Sequence[str]
    variant: str | None
    size: int | None
    card: str | None
    question: str
    known_until: str | None = None


def champion_lines(found: Mapping[str, Any], look: Look, now: datetime, moment: datetime | None = None) -> list[str]:
    """A champion, the figures on the test rows of what it serves, and how to ask it; of a `moment`, if one is given."""
    case, metrics = found["name"], found["metrics"]
    known = [name for name in look.metrics if name in metrics]
    more = len(metrics) - len(known)
    rows = [
        *((name, figure(metrics[name])) for name in known),
        *([("", f"and {more} more metrics: `casebook champion {case} --json`")] if more else []),
        ("variant", _variant(look)),
        *([("users", f"known up to {in_utc(look.known_until)}")] if look.known_until else []),
        ("made of", f"commit {(found['commit'] or 'unknown')[:COMMIT]}, data md5 {(found['data_md5'] or NONE)[:MD5]}"),
        ("card", look.card or NONE),
        *(("override", f"{one['check']}: {told(one, now)}") for one in found["overrides"]),
    ]
    if moment is None:
        rows.append(("ask it", look.question))
    return [f"{case}, version {found['version']}: {_since(found['promoted_at'], now, moment)}", *_aligned(rows)]


def trace_lines(found: Mapping[str, Any]) -> list[str]:
    """What a version came from, step by step back to the source."""
    run, commit = found["run"], found["commit"]
    names = " and ".join(reversed(found["aliases"])) or "no alias"
    rows = [
        ("run", f"{run['name']} {run['id']}, {run['status'].lower()}" if run else "not in MLflow any more"),
        ("commit", _commit(commit) if commit else "not in this clone"),
        *((name, _out(found, tag)) for name, tag in MADE_OF),
        *_source(found["source"] or {}),
    ]
    steps = [(f"← {name}" if name else "", text) for name, text in rows]
    return [
        f"{found['case']}, version {found['version']}: {names}; {found['decision'] or 'no decision'}",
        *_aligned(steps),
        "",
        LOCKS[found["lock"]["from"]],
        f"`casebook verify {found['case']}` derives the digests again from what lies here.",
    ]


def history_rows(entries: Iterable[Entry], primary: str) -> list[dict[str, str]]:
    """A row a decision: when, what, of which version, what became of the champion, and why."""
    return [
        {
            "time (UTC)": minute(one.time),
            "decision": one.action.replace("_", " "),
            "version": one.version,
            "champion": one.after or NONE if one.before == one.after else f"{one.before or NONE} → {one.after}",
            "why": _why(one, primary),
        }
        for one in entries
    ]


def _why(entry: Entry, primary: str) -> str:
    if entry.action == REFUSED:
        return "; ".join(f"{name}: {reason}" for name, passed, reason in entry.checks if not passed)
    if entry.action == PROMOTED:
        given = overrides_of([entry], entry.version)
        said = [f"passed {len(entry.checks) - len(given)}{f' of {len(entry.checks)}' if given else ''} checks"]
        said += [in_words(given)] if given else []
        said += [f"{primary} {figure(entry.metrics[primary])}"] if primary in entry.metrics else []
        return "; ".join(said)
    return f"by {entry.by}"


def told(given: Mapping[str, Any], now: datetime) -> str:
    """An override as the ledger has it; of one that has ended that it has."""
    one = Override.model_validate(dict(given))
    return f"{one.told}{'; it has ended' if one.ended(now) else ''}"


def figure(one: Mapping[str, float | None]) -> str:
    """`0.8660 [0.8388, 0.8916]`, with the digits of the card; a ledger's entry may have no bounds, or no number."""
    value, low, high = (one.get(name) for name in ("value", "low", "high"))
    if value is None:
        return NONE
    return written(value) if low is None or high is None else written_interval(value, low, high)


def minute(time: str) -> str:
    """A time of the ledger to the minute."""
    return f"{datetime.fromisoformat(time).astimezone(UTC):%Y-%m-%d %H:%M}"


def ago(time: str, now: datetime) -> str:
    """`2 hours ago`."""
    found = age(time, now)
    return "just now" if found is None else f"{found} ago"


def age(time: str, now: datetime) -> str | None:
    """`2 hours`; None for less than a minute."""
    seconds = max(0.0, (now - datetime.fromisoformat(time)).total_seconds())
    for unit, length in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if (count := int(seconds // length)) > 0:
            return f"{count} {unit}{'s' if count > 1 else ''}"
    return None


def _since(promoted: str | None, now: datetime, moment: datetime | None) -> str:
    if moment is not None:
        since = f", since {minute(promoted)} UTC" if promoted else ""
        return f"champion at {moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC{since}"
    if promoted is None:
        return "champion; the ledger does not know since when: the alias was set by hand"
    return f"champion since {minute(promoted)} UTC, {ago(promoted, now)}"


def _variant(look: Look) -> str:
    size = f", {look.size / 1e6:.1f} MB" if look.size is not None else ""
    return f"{look.variant or NONE}{size}"


def _commit(commit: Mapping[str, str]) -> str:
    return f"{commit['sha'][:COMMIT]} of {commit['time'][:10]}, {commit['author']}: {commit['subject']}"


def _out(found: Mapping[str, Any], tag: str) -> str:
    md5 = found["digests"][tag]
    if md5 is None:
        return NONE
    path = next((path for path, other in found["lock"]["outs"].items() if other == md5), None)
    return f"{path}, md5 {md5[:MD5]}" if path is not None else f"md5 {md5[:MD5]}"


def _source(source: Mapping[str, Any]) -> list[tuple[str, str]]:
    places = sorted({file["requirement"] for file in source.get("files", {}).values() if "requirement" in file})
    places = places or [str(source[name]) for name in ("path", "base") if source.get(name)]
    said = [("source", " ".join([str(source.get("kind", NONE)), ", ".join(places)]).strip())]
    return said + [("", str(source[name])) for name in ("licence", "citation") if source.get(name)]


def _aligned(rows: Sequence[tuple[str, str]]) -> list[str]:
    width = max(len(name) for name, _ in rows)
    return [f"  {name:<{width}}  {text}" for name, text in rows]

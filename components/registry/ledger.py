"""Every decision about a case's models, in order, kept as tags of the registered model so that a team shares it.

Each entry names those before it by their digests, its parents: usually one, two where two machines decided at once. A
checkout keeps what it knows in a file as well, `ledger_file`, by which a lost registry is noticed, and built again.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from components.core.errors import CasebookError
from components.registry.ledger_file import Content, digest_of, ledger_path, read_lines
from components.tracking.address import without_login
from components.tracking.reading.registry import RegisteredModel, Registry

PREFIX = "mlflow.casebook.decision."  # MLflow's pages show no tag of its own prefix: there the ledger is a table
PREFIXES = (PREFIX, "casebook.decision.")  # with that of entries before
RESTORING = "mlflow.casebook.restoring"  # a tag of a registered model whose versions and ledger are not all back yet
Action = Literal["promoted", "refused", "rolled_back"]
PROMOTED: Action = "promoted"
REFUSED: Action = "refused"
ROLLED_BACK: Action = "rolled_back"


@dataclass(frozen=True)
class Entry:
    """One decision about `version`. `before` and `after` are the champion's version; equal after a refusal.

    `origin` is the version's run, commit and data. `metrics` are those of the test split, value and
    interval bounds by name, null for what is no number; `checks` are the gate's, name, answer and
    reason; `overrides`, as `Override` has them, let some of those pass that failed. `time` is UTC, ISO 8601; it,
    `number`, `by` and `parents` are given by `append`. Entries of before there were `parents` have None: the one
    before in order is theirs.
    """

    action: Action
    version: str
    before: str | None
    after: str | None
    digest: str
    origin: Mapping[str, str]
    metrics: Mapping[str, Mapping[str, float | None]]
    checks: Sequence[Sequence[Any]]
    overrides: Sequence[Mapping[str, str]] = ()
    number: int = 0
    time: str = ""
    by: str = ""
    parents: Sequence[str] | None = None


@dataclass(frozen=True)
class Record:
    """An entry, and the words of its tag, of which its digest is."""

    entry: Entry
    words: Mapping[str, Any]

    @property
    def digest(self) -> str:
        return digest_of(self.words)


class LostRegistryError(CasebookError):
    """MLflow knows less than the checkout's own copy of the ledger."""


def known_model(registry: Registry, case: str) -> RegisteredModel | None:
    """What is registered of the case; None if it never was.

    Raises:
        LostRegistryError: it was, as the checkout's copy of the ledger has it.
    """
    model = registry.registered_model(case)
    if (problem := lost(registry, case, model)) is not None:
        raise LostRegistryError(problem)
    return model


def lost(registry: Registry, case: str, model: RegisteredModel | None) -> str | None:
    """What the registry has lost of the case, and what to do; None if the file knows nothing that it does not.

    A decision of the file counts as lost if it comes after all that the registry has: single ones that were changed or
    taken away are `casebook verify`'s to tell, and no reason not to answer.
    """
    content = read_lines(path := ledger_path(registry.root, case))
    known = [] if model is None else records_of(case, model)
    file, mlflow = path.relative_to(registry.root), f"MLflow at {without_login(registry.uri)}"
    if not known and not content.lines and (content.unreadable or content.torn):
        return (
            f"{file}: no line of it can be read, and {mlflow} has no decision about {case}: `casebook restore FILE` "
            "brings both back from a backup; move the file away to begin a new registry"
        )
    newest = max((record.entry.number for record in known), default=0)
    if content.newest <= newest and (model is None or RESTORING not in model.tags):
        return None
    behind = len({line.digest for line in content.lines} - {record.digest for record in known})
    what = f"has lost {behind} of {len(content.lines)} decisions about {case}" if behind else f"has {case} back in part"
    return (
        f"{mlflow} {what}: {file} goes to number {content.newest}{_champion_of(content)}, MLflow to {newest or 'none'}"
        f"; `casebook restore-registry {case}` rebuilds it from that file and the models' files, `casebook restore "
        "FILE` brings a backup back; if it was cleared on purpose, move the file away"
    )


def _champion_of(content: Content) -> str:
    last = max(content.lines, key=lambda line: int(line.entry["number"]), default=None)
    after = None if last is None else last.entry.get("after")
    return f", champion version {after}" if after else ""


def known_models(registry: Registry, cases: Sequence[str]) -> dict[str, RegisteredModel | None]:
    """What is registered of each case; one error tells of all that the registry has lost."""
    models = {case: registry.registered_model(case) for case in cases}
    problems = [lost(registry, case, model) for case, model in models.items()]
    if told := [one for one in problems if one is not None]:
        raise LostRegistryError("\n".join(told))
    return models


def history(registry: Registry, case: str) -> list[Entry]:
    """All decisions about the case, oldest first; empty if it has never been registered; errors as `known_model`."""
    found = known_model(registry, case)
    return [] if found is None else entries_of(case, found)


def entries_of(case: str, model: RegisteredModel) -> list[Entry]:
    """The decisions that a registered model's tags hold, oldest first."""
    return [record.entry for record in records_of(case, model)]


def records_of(case: str, model: RegisteredModel) -> list[Record]:
    """The same, with the words of the tags."""
    return sorted(tagged(case, model).values(), key=lambda one: (one.entry.number, one.entry.time, one.entry.digest))


def tagged(case: str, model: RegisteredModel) -> dict[str, Record]:
    """The same by the keys of the tags."""
    return {key: _read(case, key, text) for key, text in model.tags.items() if key.startswith(PREFIXES)}


def parents_of(records: Sequence[Record]) -> dict[str, tuple[str, ...]]:
    """The parents of each entry, by its digest."""
    found: dict[str, tuple[str, ...]] = {}
    before: tuple[str, ...] = ()
    for record in records:
        found[record.digest] = before if record.entry.parents is None else tuple(record.entry.parents)
        before = (record.digest,)
    return found


def heads(records: Sequence[Record]) -> list[str]:
    """The entries that no other one names: what the next one joins."""
    parents = parents_of(records)
    named = {digest for one in parents.values() for digest in one}
    return [digest for digest in parents if digest not in named]


def tag_of(words: Mapping[str, Any]) -> str:
    """The key of an entry's tag."""
    return f"{PREFIX}{words['number']:06d}.{digest_of(words)}"


def recorded(entries: Sequence[Entry], version: str, digest: str) -> Entry | None:
    """The entry of this very decision, if the champion has not changed hands since."""
    for entry in reversed(entries):
        if entry.version == version and entry.digest == digest:
            return entry
        if entry.before != entry.after:
            return None
    return None


def champions(entries: Sequence[Entry]) -> list[str]:
    """The versions a rollback can go back through, the present champion last.

    A promotion is added; a rollback drops what came after the version it went to.
    """
    line: list[str] = []
    for entry in entries:
        if entry.action == PROMOTED and entry.version not in line[-1:]:
            line.append(entry.version)
        elif entry.action == ROLLED_BACK:
            line = line[: line.index(entry.version) + 1] if entry.version in line else [*line, entry.version]
    return line


def metrics_of(entries: Sequence[Entry], version: str) -> Mapping[str, Mapping[str, float | None]]:
    """The figures on which the last decision about a version rests; none if there was no decision."""
    return next((entry.metrics for entry in reversed(entries) if entry.version == version), {})


def promotion_of(entries: Sequence[Entry], version: str) -> Entry | None:
    """The decision by which a version passed the gate last; None if it never did."""
    return next((one for one in reversed(entries) if one.action == PROMOTED and one.version == version), None)


def withdrawn(entries: Sequence[Entry], version: str) -> bool:
    """Whether `version` was champion, was rolled back, and has not come back since."""
    gone = False
    for entry in entries:
        if entry.action == ROLLED_BACK and entry.before == version:
            gone = True
        if entry.after == version:
            gone = False
    return gone


def entry_at(entries: Sequence[Entry], moment: datetime) -> Entry | None:
    """The decision that made the version champion which was it at `moment`; None before the first."""
    made = [entry for entry in entries if entry.action != REFUSED and datetime.fromisoformat(entry.time) <= moment]
    return made[-1] if made else None


def parse_time(text: str) -> datetime:
    """An ISO 8601 date or time; without a zone it is UTC, as the ledger's own times are."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise CasebookError(
            f"--at {text!r}: not a time; write it like 2026-11-22 or 2026-11-22T14:30:00+01:00"
        ) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _read(case: str, key: str, text: str) -> Record:
    try:
        words = json.loads(text)
        return Record(Entry(**words), words)
    except (TypeError, ValueError) as error:
        raise CasebookError(
            f"MLflow: the tag {key!r} of the registered model {case!r} is no ledger entry ({error}); "
            "it was edited: put its old text back or delete the tag"
        ) from None

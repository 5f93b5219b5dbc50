"""What `casebook list` says of each case: what serves it, how good and how old that is, what its last run came to."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from components.core.files import read_json
from components.core.histories import moment
from components.core.job import Paths
from components.core.params.case import CaseParams, Params
from components.core.recipe import load_recipe
from components.registry.champion import CHAMPION, ENCODERS, HISTORIES_UNTIL, NOBODY
from components.registry.known import known_until
from components.registry.ledger import PROMOTED, REFUSED, Entry, entries_of, known_models
from components.tracking.reading.registry import Registry
from pipelines.commands.telling import NONE, age, ago, figure
from pipelines.summary import NEVER_RAN, read_summary

ONE_LINE = 130  # columns of a page that holds a case in a line


@dataclass(frozen=True)
class Standing:
    """A case and its champion. `metric` is the primary one, `value` what is served on the test split, within `low` and
    `high`; times are UTC, ISO 8601. `last_run` is `promoted`, `refused` or `never ran`. `known_until` is the moment up
    to which the champion knows its users, None where it keeps nothing of any.
    """

    case: str
    recipe: str
    source: str
    champion: str | None
    metric: str
    value: float | None
    low: float | None
    high: float | None
    promoted_at: str | None
    last_run: str
    last_run_at: str | None
    known_until: str | None = None


def standings(registry: Registry, root: Path, params: Params) -> Iterator[Standing]:
    """Of all cases, by their names; a registry that has lost any of them is an error."""
    models = known_models(registry, sorted(params.cases))
    for name, case in sorted(params.cases.items()):
        model = models[name] or NOBODY
        champion = model.aliases.get(CHAMPION)
        one = _standing(Paths(root), name, case, champion, entries_of(name, model))
        keeps = champion is not None and load_recipe(case.recipe).histories
        yield replace(one, known_until=_known_until(registry, root, name, str(champion))) if keeps else one


def _known_until(registry: Registry, root: Path, case: str, version: str) -> str | None:
    found = registry.model_version(case, version)
    tags = {} if found is None else found.tags
    return known_until(Paths(root), case, tags.get(HISTORIES_UNTIL), tags.get(ENCODERS))


def _standing(paths: Paths, name: str, case: CaseParams, champion: str | None, entries: Sequence[Entry]) -> Standing:
    metric = load_recipe(case.recipe).primary
    figures = {} if champion is None else _figures(paths, name, champion, metric, entries)
    made = next((one for one in reversed(entries) if one.after == champion != one.before), None)
    last = next((one for one in reversed(entries) if one.action in (PROMOTED, REFUSED)), None)
    return Standing(
        case=name,
        recipe=case.recipe,
        source=case.source.kind,
        champion=champion,
        metric=metric,
        value=figures.get("value"),
        low=figures.get("low"),
        high=figures.get("high"),
        promoted_at=None if champion is None or made is None else made.time,
        last_run=NEVER_RAN if last is None else last.action,
        last_run_at=None if last is None else last.time,
    )


def _figures(
    paths: Paths, case: str, version: str, metric: str, entries: Sequence[Entry]
) -> Mapping[str, float | None]:
    """As the ledger has them, which leaves out what is too long for it; then as the version's own report does."""
    noted = next(
        (one.metrics[metric] for one in reversed(entries) if one.version == version and metric in one.metrics), {}
    )
    release = paths.reports(case) / "release.json"
    if "low" in noted or not release.is_file() or read_json(release)["version"] != version:
        return noted
    summary = read_summary(paths, case)
    return {"value": summary["test"], "low": summary["low"], "high": summary["high"]}


def in_words(one: Standing, now: datetime, width: int) -> dict[str, str]:
    """The row of a case for a person: a line, or two where the page is narrow."""
    narrow = width < ONE_LINE
    further = "\n" if narrow else " "
    figures = figure({"value": one.value, "low": one.low, "high": one.high}).replace(" ", further, 1)
    old = "" if one.promoted_at is None else f",{further}{_age(one.promoted_at, now)}"
    knows = "" if one.known_until is None else f"\nusers known to{further}{moment(one.known_until)}"
    since = "" if one.last_run_at is None else f"{further}{ago(one.last_run_at, now)}"
    return {
        **({"case": f"{one.case}\n{one.recipe}"} if narrow else {"case": one.case, "recipe": one.recipe}),
        "champion": NONE if one.champion is None else f"version {one.champion}{old}{knows}",
        "served, on test": NONE if one.value is None else f"{one.metric} {figures}",
        "last run": f"{one.last_run}{since}",
    }


def _age(time: str, now: datetime) -> str:
    found = age(time, now)
    return "new" if found is None else f"{found} old"

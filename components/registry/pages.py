"""What MLflow's pages say of a registered model and its versions: the ledger in words and as a table.

The ledger's entries are the truth. These texts are made from them at each decision, after it is recorded and before the
alias moves, so that whoever takes a decision up again after a kill writes them again.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from mlflow.exceptions import MlflowException

from components.core.job import TEST
from components.core.markdown import escaped, inert
from components.core.params.gate_override import in_words
from components.core.written import written, written_interval
from components.registry.ledger import PROMOTED, REFUSED, ROLLED_BACK, Entry, champions, entries_of
from components.registry.overriding import overrides_of
from components.tracking.experiments import CHAMPION, PRIMARY, tags_of_experiment, tell_champion
from components.tracking.markdown import cell, header, row
from components.tracking.track import Tracker, plain_name

LONGEST = 4900  # characters; MLflow's column of descriptions has 5000
STATUS = "**Status:** "
UNDECIDED = f"{STATUS}the gate has not answered yet."
DECISIONS = "## Decisions"
ACTIONS = {PROMOTED: "promoted", REFUSED: "refused", ROLLED_BACK: "rolled back to"}


def write_pages(tracker: Tracker, case: str, versions: Sequence[str]) -> None:
    """Bring the descriptions of the case's model, its experiment and these versions up to the ledger."""
    experiment = tracker.experiment(case)
    found, tags = tracker.registered_model(case), tags_of_experiment(tracker, case)
    entries = [] if found is None else _of_runs_now(tracker, case, entries_of(case, found))
    champion = champion_line(case, experiment, entries)
    model = tracker.client.get_registered_model(case)
    about = str(model.description or "").partition(f"\n\n{CHAMPION}")[0]
    page = model_page(case, experiment, about, entries, tags.get(PRIMARY, "").removeprefix(f"{TEST}/"))
    if page != model.description:
        tracker.client.update_registered_model(case, page)
    tell_champion(tracker, case, champion)
    for version in dict.fromkeys(versions):
        _write_status(tracker, case, version, status_of(entries, version))


def _of_runs_now(tracker: Tracker, case: str, entries: Sequence[Entry]) -> list[Entry]:
    """The entries with the run that the champion is of now, if its registry was built again."""
    line = champions(entries)
    champion = tracker.model_version(case, line[-1]) if line else None
    if champion is None:
        return list(entries)
    return [
        replace(one, origin={**one.origin, "run_id": champion.run_id}) if one.version == champion.version else one
        for one in entries
    ]


def _write_status(tracker: Tracker, case: str, version: str, status: str) -> None:
    try:
        text = tracker.client.get_model_version(case, version).description or ""
    except MlflowException as error:
        if error.error_code != "RESOURCE_DOES_NOT_EXIST":
            raise
        return  # somebody has deleted it
    if (told := with_status(text, status)) != text:
        tracker.client.update_model_version(case, version, told)


def model_page(case: str, experiment: str, about: str, entries: Sequence[Entry], primary: str) -> str:
    """`about`, the champion, and the decisions, newest first, as many as fit."""
    head = f"{about}\n\n{champion_line(case, experiment, entries)}\n\n{DECISIONS}\n\n"
    head += header(["when (UTC)", "version", "decision", f"{primary or 'metric'} on test", "why", "by"])
    rows = [_row(case, entry, primary) for entry in reversed(entries)]
    shown = len(rows)
    while shown and len(head) + sum(map(len, rows[:shown])) + 100 > LONGEST:
        shown -= 1
    more = f"\n{len(rows) - shown} earlier ones: `casebook history {case}`.\n" if shown < len(rows) else ""
    return inert(head + "".join(rows[:shown]) + more)


def champion_line(case: str, experiment: str, entries: Sequence[Entry]) -> str:
    """The paragraph on the champion of the ledger, with links to its version and its card."""
    line = champions(entries)
    if not line:
        return f"{CHAMPION}none yet. [Versions](#/models/{case})"
    run = next(one for one in reversed(entries) if one.version == line[-1]).origin["run_id"]
    card = f"[model card](#/experiments/{experiment}/runs/{run}/artifacts/card.md)"
    version = f"[version {line[-1]}](#/models/{case}/versions/{line[-1]})"
    since = when(_made(entries, line[-1]).time)
    return f"{CHAMPION}{version} since {since} UTC · {card} · [all versions](#/models/{case})"


def with_about(description: str, about: str) -> str:
    """`description` of a registered model with what stands before the champion's paragraph replaced."""
    return about + "".join(description.partition(f"\n\n{CHAMPION}")[1:])


def with_status(description: str, status: str) -> str:
    """`description` with its line of status replaced; as it is where somebody has taken that line away."""
    return re.sub(rf"^{re.escape(STATUS)}.*$", lambda _: status, description, count=1, flags=re.MULTILINE)


def status_in(description: str) -> str | None:
    """The line of status in a version's description; None if it has none."""
    return next((line for line in description.splitlines() if line.startswith(STATUS)), None)


def status_of(entries: Sequence[Entry], version: str) -> str:
    """Whether the version is champion, or when it was, and what the gate said of it last."""
    asked = [one for one in entries if one.version == version and one.action != ROLLED_BACK]
    if not asked:
        return UNDECIDED
    why = _why(asked[-1]) if asked[-1].action == REFUSED else _overridden(asked[-1])
    gate = ACTIONS[asked[-1].action] + (f": {why[:1000]}" if why else "")
    return inert(f"{STATUS}{_reign(entries, version)}; gate: {gate}.")


def _reign(entries: Sequence[Entry], version: str) -> str:
    if all(version not in (one.before, one.after) for one in entries):
        return "not champion"
    since = _made(entries, version)
    ended = next((one for one in entries if one.number >= since.number and one.before == version != one.after), None)
    if ended is None:
        return f"champion since {when(since.time)} UTC"
    how = "was rolled back to" if ended.action == ROLLED_BACK else "followed"
    return f"champion from {when(since.time)} to {when(ended.time)} UTC, then version {ended.after} {how}"


def _made(entries: Sequence[Entry], version: str) -> Entry:
    """The decision that made the version champion last; if somebody set the alias by hand, the first that knows it."""
    made = [one for one in entries if one.after == version != one.before]
    return made[-1] if made else next(one for one in entries if version in (one.before, one.after))


def _row(case: str, entry: Entry, primary: str) -> str:
    version, figure = f"[{entry.version}](#/models/{case}/versions/{entry.version})", _figure(entry.metrics, primary)
    return row([when(entry.time), version, ACTIONS[entry.action], figure, _why(entry)[:300], entry.by])


def _why(entry: Entry) -> str:
    """The reasons of a refusal, the rival of a promotion."""
    if entry.action == ROLLED_BACK:
        return f"from version {entry.before}" if entry.before else "by hand"
    if entry.action == REFUSED:
        return cell("; ".join(str(reason) for _, passed, reason in entry.checks if not passed)) or "a check failed"
    rival = next((str(reason) for name, _, reason in entry.checks if name == "champion"), "")
    return cell("; ".join(filter(None, [_overridden(entry), rival])))


def _overridden(entry: Entry) -> str:
    return escaped(in_words(overrides_of([entry], entry.version)))


def _figure(metrics: Mapping[str, Mapping[str, float | None]], primary: str) -> str:
    found = next((one for name, one in metrics.items() if plain_name(name) == primary), {})
    value, low, high = (found.get(bound) for bound in ("value", "low", "high"))
    if value is None:
        return "–"
    return written(value) if low is None or high is None else written_interval(value, low, high)


def when(time: str) -> str:
    """An entry's time to the minute."""
    return f"{datetime.fromisoformat(time):%Y-%m-%d %H:%M}"

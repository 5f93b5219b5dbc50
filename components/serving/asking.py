"""A request's rows to answers: checked, computed together with others that wait, logged."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast, get_args

from components.serving.bodies import MOST_ROWS
from components.serving.canary import CANARY
from components.serving.models import Model
from components.serving.problems import Detail, Problem, wrong_rows
from components.serving.service import Answered, Explain, Options
from components.serving.state import State

OURS = ("rows", "explain", "strict", "request_id", "log")  # keys of a request that every case has
EXPLAIN = get_args(Explain)
LONGEST_ID = 200


@dataclass(frozen=True)
class Request:
    """What one body asks for."""

    rows: Sequence[Any]
    options: Options
    request_id: str | None
    log: bool


def read_request(state: State, model: Model, content: Any, most_rows: int) -> Request:
    """The body of a request, its form checked.

    Raises:
        Problem: 422 where it is none, 413 where it has too many rows.
    """
    if not isinstance(content, Mapping):
        raise Problem(422, "the body is no object", [Detail((), 'send {"rows": [...]}', content)])
    rows = content.get("rows")
    if not isinstance(rows, list):
        raise Problem(422, "the body has no list of rows", [Detail(("rows",), "send a list of rows", rows)])
    if len(rows) > most_rows:
        raise Problem(413, f"{len(rows):,} rows in one body of JSON, {most_rows:,} at most; send lines of JSON, or CSV")
    given = content.get("request_id")
    if given is not None and not (isinstance(given, str) and len(given) <= LONGEST_ID):
        told = f"is no text of at most {LONGEST_ID} characters"
        raise Problem(422, "a request_id that it cannot be", [Detail(("request_id",), told, given)])
    options = read_options(state, model, content)
    return Request(rows, options, given, bool(content.get("log", True)))


def read_options(state: State, model: Model, content: Mapping[str, Any]) -> Options:
    """How rows are to be answered, by the keys of a request.

    Raises:
        Problem: 422, a key is unknown, or has a value that it cannot have.
    """
    kinds = {"explain": EXPLAIN, "strict": (True, False), "log": (True, False)}
    wrong = [
        Detail((name,), f"is not one of {', '.join(map(str, kinds[name]))}", value)
        for name, value in content.items()
        if name in kinds and not any(value is one or (name == "explain" and value == one) for one in kinds[name])
    ]
    if wrong:
        raise Problem(422, "keys of the request have values that they cannot have", wrong)
    return Options(
        explain=cast(Explain, content.get("explain", state.asked.explain)),
        strict=bool(content.get("strict", state.asked.strict)),
        more=model.service.options({name: value for name, value in content.items() if name not in OURS}),
    )


async def rows_answered(
    state: State, model: Model, rows: Sequence[Any], more: Mapping[str, Any], request_id: Any = None
) -> "Rows":
    """Rows as the protocols of others have them, asked for with the keys of a request in `more`, and answered by the
    records that `casebook predict` writes.

    Raises:
        Problem: what `read_request` and `answered` raise.
    """
    gathered, flat = (getattr(model.service, name, list) for name in ("gathered", "flat"))
    content = {**more, "rows": list(gathered(rows))}
    if request_id is not None:
        content["request_id"] = request_id
    found = await answered(state, model, read_request(state, model, content, MOST_ROWS))
    return Rows(flat(found), found.by)


class Rows(list[Mapping[str, Any]]):
    """What is answered to each row. `by` names the version for who asked: `version`, and where some rows were the
    canary's `versions`, by row.
    """

    def __init__(self, rows: Iterable[Mapping[str, Any]], by: Mapping[str, Any]) -> None:
        super().__init__(rows)
        self.by = by

    @property
    def versions(self) -> str:
        """Those that answered, as a header has them: one a row would be longer than proxies take."""
        return ", ".join(dict.fromkeys(self.by.get("versions", [self.by["version"]])))


async def answered(state: State, model: Model, request: Request) -> Rows:
    """What is answered to each row, and by whom.

    Raises:
        Problem: 422 where a row is not one that the model takes, 429 and 504 where the server is busy.
    """
    found = await look_and_answer(state, model, request.rows, request.options, request.request_id, log=request.log)
    wrong = [replace(one, loc=("rows", number, *one.loc)) for number, row in enumerate(found) for one in row.wrong]
    if wrong:
        raise wrong_rows(wrong)
    versions = [row.version or model.version for row in found]
    several = len(set(versions)) > 1
    by = {"version": model.version if several or not versions else versions[0]}
    return Rows((row.values or {} for row in found), {**by, "versions": versions} if several else by)


async def look_and_answer(
    state: State, model: Model, rows: Sequence[Any], options: Options, request_id: str | None = None, *, log: bool
) -> list[Answered]:
    """The same with what is wrong in its row's place. Only rows that are answered are logged and counted."""
    checked = [model.service.check(row) for row in rows]
    good = [row for row, wrong in zip(rows, checked, strict=True) if not wrong]
    canary = state.canaries.get(model.case)
    if not good:
        found: Sequence[Answered] = ()
    elif canary is not None and model.is_champion:
        found = await canary.answer(state.batcher, model, good, options, request_id)
    else:
        found = await state.batcher.answer(model, good, options)
    right = [(row, one) for row, one in zip(good, found, strict=True) if not one.wrong]
    if canary is not None:
        _told_of_canary(state, model, [one for one in right if one[1].version is not None], log=log)
        right = [one for one in right if one[1].version is None]
    _told(state, model, right, options, log=log)
    answers = iter(found)
    return [Answered(None, wrong) if wrong else next(answers) for wrong in checked]


def _told(state: State, model: Model, right: Sequence[tuple[Any, Answered]], options: Options, *, log: bool) -> None:
    """Count, log and show to the shadow what the model has answered."""
    answers = [one for _, one in right]
    state.figures.rows.labels(model.case, model.version).inc(len(right))
    if not model.is_champion:
        return
    if log:
        kept = [_kept(row, one) for row, one in right]
        state.keeper.add(model.case, model.version, kept, [one.told for one in answers])
    if state.shadow is not None:
        state.shadow.see(model.case, model.version, [row for row, _ in right], answers, options, log=log)


def _told_of_canary(state: State, model: Model, right: Sequence[tuple[Any, Answered]], *, log: bool) -> None:
    """Count and log what the canary has answered in the model's place."""
    for version in {one.version for _, one in right if one.version is not None}:
        state.figures.rows.labels(model.case, version).inc(len(right))
        if log:
            kept = [_kept(row, one) for row, one in right]
            state.keeper.add(model.case, version, kept, [one.told for _, one in right], beside=CANARY)


def _kept(row: Any, one: Answered) -> Sequence[Mapping[str, Any]]:
    return (row,) if one.kept is None else one.kept

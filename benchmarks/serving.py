"""`casebook serve` beside MLflow's server: over the same champion, and over the predictor that answered by frames."""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack
from dataclasses import asdict
from pathlib import Path
from statistics import median

from benchmarks.results import Cell, Limit, Result, number
from benchmarks.served.measured import CONNECTIONS, OURS, Costs, Effort, measured, ratio
from benchmarks.served.questions import MANY, Question, as_mlflow, check_alike, of_frames, test_rows, typical
from benchmarks.served.servers import Server
from benchmarks.served.ways import FRAMES, casebook, mlflow, model_by_frames
from components.core.errors import CasebookError
from components.core.params.load import load_params
from components.registry.champion import CHAMPION
from components.registry.finding import open_registry, served
from components.serving.models import online

MLFLOW, BY_FRAMES = "MLflow", "MLflow, by frames"
SHORT = 5  # rows of an example
STARTS = 3
WANTED = {  # CPU by frames over ours, at so many connections
    ("one approved row", 1): 8,
    ("one approved row", 8): 20,
    ("one declined row", 1): 20,
    ("one declined row", 8): 50,
    (f"{MANY} rows with reasons", 1): 3.5,
    (f"{MANY} rows without", 1): 8,
}
LEAST = 3  # CPU of MLflow over ours, of every case
LATENCY, STARTING, MEMORY = 1 / 5, 0.35, 0.5  # ours over that by frames


class Table:
    """Rows, limits and details so far."""

    def __init__(self) -> None:
        self.rows: list[list[Cell]] = []
        self.limits: list[Limit] = []
        self.notes: list[str] = []
        self.details: dict[str, object] = {}

    def add(self, case: str, costs: Costs) -> None:
        for kind, connections, name in costs:
            if name != OURS:
                continue
            found = {one: costs.get((kind, connections, one)) for one in (OURS, MLFLOW, BY_FRAMES)}
            away = ", ".join(f"{one.away} of {name}" for name, one in found.items() if one is not None and one.away)
            self.rows.append(
                [
                    f"{case}: {kind}",
                    connections,
                    *(None if one is None else median(one.cpu) for one in found.values()),
                    *(
                        None if found[one] is None else ratio(costs, kind, connections, one)
                        for one in (MLFLOW, BY_FRAMES)
                    ),
                    *(
                        " / ".join(number(median(getattr(one, what))) for one in found.values() if one is not None)
                        for what in ("rate", "p50", "p99")
                    ),
                    away,
                ]
            )
        self.details[case] = {", ".join(map(str, key)): asdict(cost) for key, cost in costs.items()}

    def weigh(self, case: str, what: str, found: Mapping[str, float], limit: float | None = None) -> None:
        """A figure of each server as a whole."""
        cells = [found.get(name) for name in (OURS, MLFLOW, BY_FRAMES)]
        ratios = [found[name] / found[OURS] if name in found else None for name in (MLFLOW, BY_FRAMES)]
        self.rows.append([f"{case}: {what}", None, *cells, *ratios, None, None, None, None])
        if limit is not None:
            share = found[OURS] / found[BY_FRAMES]
            self.limits.append(Limit(f"{case}: {what}, ours over that by frames", share, at_most=limit))


def measure(case: str, root: Path, effort: Effort | None = None) -> Result:
    """`case` is the one that is also asked of the predictor by frames."""
    table, effort = Table(), effort or Effort()
    for one in sorted(load_params(root / "params.yaml").cases, key=lambda one: one != case):
        if (why := unasked(one, root)) is not None:
            table.notes.append(why)
            continue
        with ExitStack() as stack:
            opened = dict(_servers(one, root, stack, frames=one == case))
            questions = _questions(one, root, opened[OURS])
            for question in questions:
                _check(one, opened, question)
            costs = measured(one, opened, questions, effort)
            table.add(one, costs)
            _limits(one, costs, table, frames=one == case)
            memory = {name: server.memory() for name, server in opened.items()}
            starts = {name: [server.starting] for name, server in opened.items()}
        if one == case:
            _start_again(one, root, starts)
        whole = {name: median(cpu) for name, cpu in starts.items()}
        table.weigh(one, "CPU s of a start", whole, STARTING if one == case else None)
        table.weigh(
            one, "MiB resident", {name: rss for name, (rss, _) in memory.items()}, MEMORY if one == case else None
        )
        table.weigh(one, "MiB, shared pages once", {name: pss for name, (_, pss) in memory.items()})
    return Result(
        name="serving",
        title="Champions over HTTP",
        columns=[
            "request",
            "connections",
            *(f"CPU ms a request: {name}" for name in (OURS, MLFLOW, BY_FRAMES)),
            "MLflow / ours",
            "by frames / ours",
            "requests/s, of each",
            "p50 ms, of each",
            "p99 ms, of each",
            "sent away (429, 504)",
        ],
        rows=table.rows,
        limits=table.limits,
        notes=[
            f"Medians of {effort.rounds} rounds of all servers in turn, {effort.seconds:g} s each; clients without a "
            "pause, in a process of their own; CPU of the server with all that it started. Of who was sent away the "
            "client comes again after a second, and what is timed is the answer.",
            "MLflow: `mlflow models serve` over the same champion. By frames: the same over the bundle's predictor as "
            f"of commit {FRAMES[:7]}, before it answered by arrays. All gave the same answers.",
            *table.notes,
        ],
        details=table.details,
    )


def unasked(case: str, root: Path) -> str | None:
    """Why a case has no server to compare, or None."""
    params = load_params(root / "params.yaml")
    try:
        online(params.case(case).recipe)
    except CasebookError as error:
        return f"{case}: {error}"
    models = open_registry(root).registered_models()
    if case not in models or CHAMPION not in models[case].aliases:
        return f"{case}: no champion"
    return None


def _servers(case: str, root: Path, stack: ExitStack, *, frames: bool) -> Iterator[tuple[str, Server]]:
    yield OURS, stack.enter_context(casebook(case, root))
    yield MLFLOW, stack.enter_context(mlflow(f"models:/{case}@{CHAMPION}", root))
    if frames:
        model = stack.enter_context(_by_frames(case, root))
        yield BY_FRAMES, stack.enter_context(mlflow(str(model), root))


def _by_frames(case: str, root: Path) -> AbstractContextManager[Path]:
    bundle = served(open_registry(root), case).bundle
    return model_by_frames(bundle, [row for one in typical("", _model(bundle)).records for row in one][:SHORT])


def _model(bundle: Path) -> Path:
    """The folder of the registered model that a bundle lies in."""
    return bundle.parents[1]


def _questions(case: str, root: Path, ours: Server) -> list[Question]:
    recipe = load_params(root / "params.yaml").case(case).recipe
    example = typical(recipe, _model(served(open_registry(root), case).bundle))
    if recipe != "binary":
        return [example]
    rows = test_rows(case, root, list(example.rows[0][0]))
    over: list[bool] = []
    for at in range(0, len(rows), MANY):
        body = Question("", [rows[at : at + MANY]], []).bodies(ours=True)[0]
        over += [bool(row["reasons"]) for row in ours.ask(f"/v1/{case}/predict", body)["rows"]]
    return of_frames(rows, over)


def _check(case: str, servers: Mapping[str, Server], question: Question) -> None:
    """Raises CasebookError where answers differ, ours also on the path that is timed, to any of its bodies."""
    for records, body in zip(question.records, question.bodies(ours=True), strict=True):
        answers = {name: server.ask("/invocations", as_mlflow(records)) for name, server in servers.items()}
        found = servers[OURS].ask(f"/v1/{case}/predict", body)["rows"]
        timed = [one for row in found for one in row.get("items", [row])]
        for rows in (timed, *(answer["predictions"] for answer in answers.values())):
            check_alike(case, answers[OURS]["predictions"], rows)


def _start_again(case: str, root: Path, starts: dict[str, list[float]]) -> None:
    for _ in range(STARTS - 1):
        with ExitStack() as stack:
            for name, server in _servers(case, root, stack, frames=BY_FRAMES in starts):
                starts[name].append(server.starting)


def _limits(case: str, costs: Costs, table: Table, *, frames: bool) -> None:
    kinds = list(dict.fromkeys(kind for kind, _, _ in costs))
    for kind in kinds:
        for connections in CONNECTIONS[:2]:
            what = f"{case}: {kind}, {connections} connection(s): CPU"
            if kind.startswith("one "):
                found = ratio(costs, kind, connections, MLFLOW)
                table.limits.append(Limit(f"{what} of MLflow over ours", found, at_least=LEAST))
            if frames and (kind, connections) in WANTED:
                found = ratio(costs, kind, connections, BY_FRAMES)
                table.limits.append(Limit(f"{what} by frames over ours", found, at_least=WANTED[kind, connections]))
        if frames:
            late = 1 / ratio(costs, kind, 8, BY_FRAMES, "p99")
            table.limits.append(Limit(f"{case}: {kind}, 8 connections: p99 over that by frames", late, at_most=LATENCY))

"""The model card: what a person must know before using a model, from plain facts, the same bytes for the same facts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from components.core.results import LEARNER, MODEL, Cell, Decision, Interval, Scores, Table
from components.evaluation.presentation.pages import markdown_page
from components.evaluation.tables import shown

TEMPLATE = Path(__file__).with_name("card.md.j2")
ABSENT = "–"
NAMES = {MODEL: "model (served)", LEARNER: "network alone"}  # `Scores` in words; baselines keep their names


@dataclass(frozen=True)
class CardFacts:
    """All that a card says.

    `notice` is the case's own warning, shown first. `source` says where the data came from, `rows`
    counts them by split. `scores` are one per split, with bounds of `confidence`. `tables` are those that
    the stages hand over, each with its own title. `lineage` is the version's origin by name. `decision` is the gate's
    answer, None before it has answered.
    """

    case: str
    title: str
    notice: str
    smoke: bool
    intended_use: Sequence[str]
    limits: Sequence[str]
    source: str
    licence: str
    citation: str
    rows: Mapping[str, int]
    primary: str
    lower_is_better: frozenset[str]
    scores: Sequence[Scores]
    confidence: float
    tables: Sequence[Table]
    lineage: Mapping[str, str]
    decision: Decision | None


def render_card(facts: CardFacts) -> str:
    """The card as Markdown."""
    tables = [scores_table(scores, facts.lower_is_better) for scores in facts.scores]
    return markdown_page(TEMPLATE, {"cell": cell}, facts=facts, score_tables=tables)


def scores_table(scores: Scores, lower_is_better: frozenset[str]) -> Table:
    """One row a metric, one column a model: the served one, the network alone, then the baselines."""
    first = [name for name in NAMES if name in scores.by_model]
    models = first + [name for name in scores.by_model if name not in NAMES]
    metrics = list(dict.fromkeys(metric for model in models for metric in scores.by_model[model]))
    rows: list[list[Cell]] = [[metric, *(scores.by_model[model].get(metric) for model in models)] for metric in metrics]
    for row in rows:
        row[0] = f"{row[0]} ↓" if row[0] in lower_is_better else row[0]
    return Table(scores.split, ["metric", *(NAMES.get(model, model) for model in models)], rows)


def cell(value: Cell) -> str:
    """A table cell: four decimals, an interval in brackets, nothing that would end the cell."""
    if value is None:
        return ABSENT
    if isinstance(value, Interval):
        return shown(value, ABSENT)
    if isinstance(value, float):
        return f"{value:.4g}" if abs(value) < 0.001 or abs(value) >= 10_000 else f"{value:.4f}"
    if isinstance(value, int):
        return f"{value:,}"
    return " ".join(value.replace("|", "\\|").split())

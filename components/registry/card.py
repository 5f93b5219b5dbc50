"""The model card: what a person must know before using a model, from plain facts, the same bytes for the same facts."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from components.core.histories import moment
from components.core.job import EXTERNAL, TEST, TRAIN, VALIDATION
from components.core.markdown import escaped, escaped_cell
from components.core.recipe import SERVED
from components.core.results import LEARNER, MODEL, Cell, Check, Decision, Interval, Scores, Table
from components.core.words import in_order, spoken
from components.core.written import written
from components.evaluation.presentation.pages import markdown_page
from components.evaluation.tables import shown
from components.registry.facts import CardFacts
from components.registry.glossary import glossary
from components.registry.headline import headline, primary_name

TEMPLATE = Path(__file__).with_name("card.md.j2")
ABSENT = "–"
TOLD = (TEST, EXTERNAL)  # splits that the figures are about; the validation has chosen, and comes after them
SPLITS = (TRAIN, VALIDATION, TEST, EXTERNAL)


def render_card(facts: CardFacts) -> str:
    """The card as Markdown."""
    scores = {one.split: scores_table(one, facts) for one in facts.scores}
    values = {
        "facts": facts,
        "headline": headline(facts),
        "primary": primary_name(facts),
        "judged": [scores[split] for split in TOLD if split in scores],
        "chosen": [table for split, table in scores.items() if split not in TOLD],
        "checks": None if facts.decision is None else checks_table(facts.decision),
        "decisions": [_of_data(table) for table in facts.decisions],
        "tables": [_of_data(table) for table in facts.tables],
        "rows": [(split, facts.rows[split]) for split in _known_first(facts.rows)],
    }
    body = markdown_page(TEMPLATE, FILTERS, **values, terms=[])
    return markdown_page(TEMPLATE, FILTERS, **values, terms=glossary(facts, body))


def scores_table(scores: Scores, facts: CardFacts) -> Table:
    """One row a metric, the primary one first, those that are equal for all in one; one column a model: the served one,
    the network alone, baselines.
    """
    rest = [name for name in scores.by_model if name not in (MODEL, LEARNER)]
    models = [name for name in (MODEL, LEARNER) if name in scores.by_model]
    models += [
        *(name for name in facts.baselines if name in rest),
        *(name for name in rest if name not in facts.baselines),
    ]
    found = {metric for model in models for metric in scores.by_model[model]}
    lines: dict[tuple[Interval | None, ...], list[str]] = {}
    for metric in in_order(facts.metrics, found, facts.primary):
        lines.setdefault(tuple(scores.by_model[model].get(metric) for model in models), []).append(metric)
    rows = [_row(names, cells, facts) for cells, names in lines.items()]
    told = {MODEL: SERVED, LEARNER: facts.network}
    return Table(
        scores.split.capitalize(),
        ["metric", *(told.get(model) or spoken(facts.baselines, model) for model in models)],
        rows,
    )


def _row(metrics: Sequence[str], cells: Sequence[Cell], facts: CardFacts) -> list[Cell]:
    name = ", ".join(f"`{one}`{' ↓' if one in facts.lower_is_better else ''}" for one in metrics)
    return [f"**{name}**", f"**{cell(cells[0])}**", *cells[1:]] if facts.primary in metrics else [name, *cells]


def checks_table(decision: Decision) -> Table:
    """Those that failed first."""
    checks = sorted(decision.checks, key=lambda check: check.passed)
    rows = [[_answer(one), escaped_cell(one.name), escaped_cell(one.told)] for one in checks]
    return Table("Gate", ["", "check", "what was found"], rows)


def _answer(check: Check) -> str:
    return "passed" if check.passed else "**failed**" if check.override is None else "**failed**, overridden"


def cell(value: Cell) -> str:
    """A table cell: four decimals, an interval in brackets where it is one, nothing that would end the cell."""
    if value is None:
        return ABSENT
    if isinstance(value, Interval):  # of one unit, or of what differs from itself, there is none
        return written(value.value) if value.low == value.high == value.value else shown(value, ABSENT)
    if isinstance(value, float):
        return f"{value:.4g}" if abs(value) < 0.001 else written(value)
    if isinstance(value, int):
        return f"{value:,}"
    return " ".join(value.replace("|", "\\|").split())


FILTERS: Mapping[str, Callable[..., str]] = {"cell": cell, "moment": moment}


def _of_data(table: Table) -> Table:
    """A table of a stage, whose words are those of data: columns, classes, groups. None is a mark of the card's."""
    rows = [[escaped_cell(value) if isinstance(value, str) else value for value in row] for row in table.rows]
    return Table(escaped(table.title), [escaped_cell(name) for name in table.columns], rows, table.note)


def _known_first(splits: Iterable[str]) -> Sequence[str]:
    """In the order in which they are used; what else there is, such as rows set aside, follows."""
    names = list(splits)
    return [*(name for name in SPLITS if name in names), *(name for name in names if name not in SPLITS)]

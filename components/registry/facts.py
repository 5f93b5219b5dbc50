"""All that a model card says, as plain values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from components.core.histories import Kept
from components.core.results import Decision, Interval, Scores, Table
from components.core.words import Words


@dataclass(frozen=True)
class CardFacts:
    """`title` names case and version. `notice` is the case's own warning, shown first.

    `predicts` ends a sentence "It predicts ...", and `units` are what a split is counted in. `source` says where the
    data came from, `rows` counts them by split. `scores` are one per split, with bounds of `confidence`. `metrics` and
    `baselines` are the recipe's words, `network` what the network alone is called; `differences` are paired ones from
    each baseline, turned so that more is better, where they are known. `decisions` and `tables` are those that the
    stages hand over, each with its own title. `cut` tells which fits time has ended. `lineage` is the version's origin
    by name. `decision` is the gate's answer, None before it has answered; of an experiment nothing is `registered`.
    `histories` tells what the model keeps of users, where it keeps any.
    """

    title: str
    notice: str
    smoke: bool
    predicts: str
    units: str
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
    registered: bool = True
    metrics: Words = field(default_factory=dict)
    baselines: Words = field(default_factory=dict)
    network: str = "network alone"
    best_baseline: str | None = None
    differences: Mapping[str, Interval] = field(default_factory=dict)
    decisions: Sequence[Table] = ()
    cut: Sequence[str] = ()
    histories: Kept | None = None

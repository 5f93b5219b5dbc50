"""A page of a few users: their last items, what is recommended to them, and where the held-out item came."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from components.core.errors import CasebookError
from components.evaluation.presentation.pages import html_page
from components.recipes.next_item.metrics.protocol import RankingProtocol
from components.recipes.next_item.metrics.sets import NOTHING, Sets

TEMPLATE = Path(__file__).with_name("examples.html.j2")


@dataclass(frozen=True)
class Titles:
    """The catalogue in words: `ids` (M,), `titles` (M,), None where there is none, and each item's genres."""

    ids: Sequence[str]
    titles: Sequence[str | None]
    genres: Sequence[Sequence[str]]


@dataclass(frozen=True)
class Line:
    """One item on the page; `note` is its score or when it was chosen."""

    title: str
    genres: str
    note: str
    asked: bool


@dataclass(frozen=True)
class Example:
    """One user; `facts` are what is known of them. `rank` is that of `asked` among `candidates` items, None where it is
    none of these.
    """

    user: str
    facts: Mapping[str, str]
    events: int
    history: Sequence[Line]
    recommended: Sequence[Line]
    asked: Line
    rank: int | None
    candidates: int

    @property
    def hit(self) -> bool:
        return any(line.asked for line in self.recommended)


def example(
    row: int,
    *,
    user: str,
    facts: Mapping[str, str],
    history: Sets,
    left_out: Sets,
    times: np.ndarray,
    recommended: np.ndarray,
    scores: np.ndarray,
    target: np.ndarray,
    rank: np.ndarray,
    titles: Titles,
    last: int,
) -> Example:
    """The user of one row: the `last` events before the question, newest first, and the whole list.

    `history` (E,) is in order of time, `times` (E,) in seconds since 1970; `left_out` are no candidates;
    `recommended` and its `scores` are (N, k), `target` and `rank` (N,).
    """
    asked = int(target[row])
    part = slice(max(int(history.start[row]), int(history.start[row + 1]) - last), int(history.start[row + 1]))
    before = [
        _line(titles, int(item), pd.Timestamp(int(time), unit="s").strftime("%Y-%m-%d"), asked=False)
        for item, time in zip(history.item[part], times[part], strict=True)
    ]
    listed = [
        _line(titles, int(item), f"{score:.2f}", asked=int(item) == asked)
        for item, score in zip(recommended[row], scores[row], strict=True)
        if item != NOTHING
    ]
    events = int(history.start[row + 1] - history.start[row])
    gone = np.unique(left_out.item[int(left_out.start[row]) : int(left_out.start[row + 1])])
    candidates, came = len(titles.ids) - len(gone), float(rank[row])
    place = int(came) if np.isfinite(came) else None
    held_out = _line(titles, asked, "", asked=True)
    return Example(user, facts, events, before[::-1], listed, held_out, place, candidates)


def render_page(examples: Sequence[Example], *, protocol: RankingProtocol, title: str, score_name: str) -> str:
    """One HTML page that stands alone: it asks nothing of the network, and every word of the data is escaped.

    Raises:
        CasebookError: there is no example.
    """
    if not examples:
        raise CasebookError("page of examples: no user was chosen; ask for at least one of a band")
    return html_page(TEMPLATE, examples=examples, protocol=protocol, title=title, score_name=score_name)


def _line(titles: Titles, item: int, note: str, *, asked: bool) -> Line:
    named = titles.titles[item]
    return Line(named or f"item {titles.ids[item]}", ", ".join(titles.genres[item]), note, asked)

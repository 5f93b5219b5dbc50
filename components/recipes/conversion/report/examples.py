"""A page of clauses: their syllables, what was meant, and what each system answered, wrong characters marked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from components.core.errors import CasebookError
from components.evaluation.examples import drawn
from components.evaluation.presentation.pages import html_page
from components.recipes.conversion.metrics.alignment import aligned

TEMPLATE = Path(__file__).with_name("examples.html.j2")
PLACES = 18  # of a clause beside each other; more go on below


@dataclass(frozen=True)
class Cell:
    """What an answer has in one place of the reference: usually a character, none if it was dropped."""

    text: str
    wrong: bool


@dataclass(frozen=True)
class Block:
    """Up to `PLACES` places of a clause, with the cells of each system by its name."""

    syllables: Sequence[str]
    reference: Sequence[str]
    cells: Mapping[str, Sequence[Cell]]


@dataclass(frozen=True)
class Example:
    """One clause. `right` says whose answer is wholly right; `best` are answers with scores, best first."""

    name: str
    blocks: Sequence[Block]
    right: Mapping[str, bool]
    best: Sequence[tuple[str, float]]


@dataclass(frozen=True)
class Section:
    """Examples chosen in one way, which `note` says."""

    title: str
    note: str
    examples: Sequence[Example]


def choose(bands: pd.Categorical, wrong: np.ndarray, *, per_band: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows drawn from each band (N,) of clause length: up to `per_band` of all, then as many others that are `wrong`.

    The first say how good answers are, the second only how they fail.
    """
    generator = np.random.default_rng(seed)
    every, failed = [], []
    for code in range(len(bands.categories)):
        inside = np.flatnonzero(bands.codes == code)
        every.append(drawn(generator, inside, per_band))
        failed.append(drawn(generator, np.setdiff1d(inside[wrong[inside]], every[-1]), per_band))
    return np.concatenate(every), np.concatenate(failed)


def example(
    name: str, reference: str, syllables: str, answers: Mapping[str, str], best: Sequence[tuple[str, float]]
) -> Example:
    """The clause `name`, with one syllable per character of `reference` and the answer of each system.

    Raises:
        CasebookError: there are more or fewer syllables than characters, or none.
    """
    spelled = syllables.split()
    if len(spelled) != len(reference) or not reference:
        raise CasebookError(f"clause {name}: {len(spelled)} syllables for {reference!r}; give one per character")
    cells = {system: _cells(reference, answer) for system, answer in answers.items()}
    blocks = [
        Block(
            [spelled[place] for place in part],
            [reference[place] for place in part],
            {system: [row[place] for place in part] for system, row in cells.items()},
        )
        for part in _parts(len(reference))
    ]
    right = {system: answer == reference for system, answer in answers.items()}
    return Example(name, blocks, right, best)


def render_page(sections: Sequence[Section], *, title: str, caption: str) -> str:
    """One HTML page that stands alone: it asks nothing of the network, and every word of the data is escaped.

    Raises:
        CasebookError: there is no example.
    """
    if not any(section.examples for section in sections):
        raise CasebookError("page of examples: no clause was chosen; ask for at least one of a band")
    return html_page(TEMPLATE, sections=sections, title=title, caption=caption)


def _cells(reference: str, answer: str) -> list[Cell]:
    """A cell for each reference character; what was added stands with the character before it, or the first."""
    texts, before = [], ""
    for one, other in aligned(reference, answer):
        if one:
            texts.append(before + other)
            before = ""
        elif texts:
            texts[-1] += other
        else:
            before += other
    return [Cell(text, wrong=text != one) for text, one in zip(texts, reference, strict=True)]


def _parts(length: int) -> list[range]:
    return [range(start, min(start + PLACES, length)) for start in range(0, length, PLACES)]

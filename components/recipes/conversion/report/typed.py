"""How many characters are right of what is typed in other ways: with tones, by first letters alone, with slips."""

import random
from collections.abc import Sequence
from itertools import accumulate, pairwise

import pandas as pd

from components.core.results import Table
from components.recipes.conversion.encoding.near import Near, read_pairs, slips_of
from components.recipes.conversion.encoding.readings import tones_of
from components.recipes.conversion.metrics.metrics import text_metrics
from components.recipes.conversion.params.params import PRIMARY
from components.recipes.conversion.serving.asked import PLAIN, Asked
from components.recipes.conversion.serving.predictor import ConversionPredictor
from components.recipes.conversion.serving.serving import texts

CLAUSES, SMOKE_CLAUSES = 500, 50
SLIPS = 0.05  # share of syllables with one
CONFUSED = 0.5  # share of the syllables that sound like another, which are typed as it
FUZZY = "z/zh,c/ch,s/sh,n/l,en/eng,in/ing"
INITIALS = ("zh", "ch", "sh")

Row = tuple[str, str, float, float]  # how it is typed, the option, the shares of characters and of whole clauses


def typed_rows(predictor: ConversionPredictor, clauses: pd.DataFrame, *, most: int, seed: int) -> list[Row]:
    """Of at most so many of the clauses, drawn by `seed`."""
    some = clauses.sample(min(most, len(clauses)), random_state=seed)
    lines = some["syllables"].str.split().tolist()
    target = some["text"].to_numpy(object)
    metrics, rng = text_metrics(), random.Random(seed)  # noqa: S311

    def row(typed: str, option: str, asked: Asked, lines: Sequence[Sequence[str]]) -> Row:
        answers = texts(predictor.convert([" ".join(line) for line in lines], 1, asked))
        return typed, option, metrics[PRIMARY](target, answers), metrics["exact"](target, answers)

    slipped = [[_slipped(one, rng) for one in line] for line in lines]
    near = Near(predictor.syllabary.legal, read_pairs(FUZZY), slips=False)
    confused = [[_confused(one, near, rng) for one in line] for line in lines]
    return [
        row("syllables without tones", "", PLAIN, lines),
        row("with tones", "", PLAIN, _toned(some, lines)),
        row("first letters alone", "--abbreviations", Asked(abbreviations=True), [_letters(line) for line in lines]),
        row(f"with slips in {SLIPS:.0%} of the syllables", "", PLAIN, slipped),
        row(f"with slips in {SLIPS:.0%} of the syllables", "--typos", Asked(typos=True), slipped),
        row(f"sounds alike taken for each other, {CONFUSED:.0%}", "", PLAIN, confused),
        row(
            f"sounds alike taken for each other, {CONFUSED:.0%}",
            f"--fuzzy {FUZZY}",
            Asked(fuzzy=read_pairs(FUZZY)),
            confused,
        ),
    ]


def typed_table(rows: Sequence[Row], clauses: int) -> Table:
    note = (
        f"The served model on {clauses} test clauses drawn by chance. Tones are those of the dictionaries that the "
        "bundle's list of tones is from; a first letter may be zh, ch or sh; a slip is two letters the other way "
        "round, a key beside, a letter too few or twice."
    )
    columns = ["typed", "option", "share of characters", "share of clauses"]
    return Table("As it may be typed", columns, [list(row) for row in rows], note)


def _toned(clauses: pd.DataFrame, lines: Sequence[Sequence[str]]) -> list[list[str]]:
    found = []
    for text, lengths, line in zip(clauses["text"], clauses["words"], lines, strict=True):
        words = [text[start:stop] for start, stop in pairwise([0, *accumulate(int(one) for one in lengths)])]
        found.append([f"{one}{tone}" for one, tone in zip(line, tones_of(words, line), strict=True)])
    return found


def _letters(line: Sequence[str]) -> list[str]:
    return [next((initial for initial in INITIALS if one.startswith(initial)), one[0]) for one in line]


def _slipped(syllable: str, rng: random.Random) -> str:
    if rng.random() >= SLIPS:
        return syllable
    return rng.choice(sorted(set(slips_of(syllable)) - {syllable}))


def _confused(syllable: str, near: Near, rng: random.Random) -> str:
    alike = near.alike(syllable)
    return rng.choice(alike) if alike and rng.random() < CONFUSED else syllable

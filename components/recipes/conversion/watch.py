"""Typed lines as monitoring sees them: how long, how readable, how usual, how sure the answer is."""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from components.core.job import TEST, TRAIN
from components.core.parts import Watch
from components.core.results import Answers, Observed
from components.monitoring.sample import some
from components.recipes.conversion.encoding.normalise import normalise
from components.recipes.conversion.encoding.typed import read_lines
from components.recipes.conversion.params.params import ConversionJob
from components.recipes.conversion.serving.predictor import (
    PINYIN_COLUMN,
    Conversion,
    ConversionPredictor,
    open_predictor,
)
from components.recipes.conversion.serving.serving import texts
from components.recipes.shared.serving import read_split

TEXT = "text"  # a column of the right conversions, where they are known


def rows(job: ConversionJob, source: Path) -> Iterator[pd.DataFrame]:  # noqa: ARG001 - the file says it all
    for _, lines in read_lines(source):
        yield pd.DataFrame({PINYIN_COLUMN: lines})


def observe(job: ConversionJob, bundle: Path, rows: pd.DataFrame) -> Observed:
    """A unit is a line; those without a letter are left out."""
    predictor = open_predictor(bundle)
    rows = rows[rows[PINYIN_COLUMN].astype("str").str.strip() != ""]
    found = predictor.convert(rows[PINYIN_COLUMN].tolist(), 1)
    features = features_of(rows[PINYIN_COLUMN].tolist(), predictor, usual(job))
    known = rows[TEXT].notna().to_numpy() if TEXT in rows else np.zeros(len(rows), bool)
    labelled = Answers(rows[TEXT].to_numpy(object)[known], texts(found)[known]) if known.any() else None
    return Observed(features, _per_syllable(found, features["syllables"].to_numpy()), labelled)


def said(job: ConversionJob, bundle: Path, rows: pd.DataFrame) -> pd.DataFrame:  # noqa: ARG001 - the bundle says it all
    """The scores of `observe`, for which nobody has to know how usual the lines are."""
    predictor = open_predictor(bundle)
    lines = [line for line in rows[PINYIN_COLUMN].astype("str") if line.strip()]
    read = [normalise(line, predictor.syllabary, predictor.settings.input) for line in lines]
    counts = np.array([len(one.syllables) + len(one.illegal) for one in read], np.float64)
    return _per_syllable(predictor.convert(lines, 1), counts)


def _per_syllable(found: Sequence[Conversion], syllables: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame({"score of a syllable": np.array([one.score for one in found]) / np.maximum(syllables, 1)})


def reference(job: ConversionJob, bundle: Path, rows: int) -> Observed:
    """Training clauses as they would be typed, and the scores of test clauses."""
    predictor = open_predictor(bundle)
    trained, held_out = (some(read_split(job, split), rows)["syllables"].tolist() for split in (TRAIN, TEST))
    scores = [one.score for one in predictor.convert(held_out, 1)]
    lengths = np.array([max(1, len(line.split())) for line in held_out])
    return Observed(
        features_of(trained, predictor, usual(job)),
        pd.DataFrame({"score of a syllable": np.array(scores) / lengths}),
        None,
    )


def usual(job: ConversionJob) -> dict[str, float]:
    """The log of each syllable's share of those in the training clauses."""
    counts = Counter(one for line in read_split(job, TRAIN)["syllables"] for one in line.split())
    total = sum(counts.values())
    return {syllable: float(np.log(count / total)) for syllable, count in counts.items()}


def features_of(lines: list[str], predictor: ConversionPredictor, logs: dict[str, float]) -> pd.DataFrame:
    """Syllables, the share of them that are no pinyin, and how usual the others are: the mean log of their shares."""
    rarest = min(logs.values())
    found = []
    for line in lines:
        read = normalise(line, predictor.syllabary, predictor.settings.input)
        letters = [one.text for one in read.syllables]
        count = len(letters) + len(read.illegal)
        known = float(np.mean([logs.get(one, rarest) for one in letters])) if letters else np.nan
        found.append((float(count), len(read.illegal) / count if count else np.nan, known))
    return pd.DataFrame(found, columns=["syllables", "share that is no pinyin", "how usual"])


WATCH = Watch(
    rows=rows,
    unit=lambda job: None,  # noqa: ARG005 - each line is one
    key=lambda job: (PINYIN_COLUMN,),  # noqa: ARG005
    outcome=lambda job: (TEXT,),  # noqa: ARG005
    observe=observe,
    reference=reference,
    said=said,
)

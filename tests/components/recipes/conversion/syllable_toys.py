"""A made-up language for the tests: which character a syllable means follows from the syllable before it."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from components.core.job import Meta
from components.core.params.case import FitParams
from components.recipes.conversion.encoding.windows import WINDOWS
from components.recipes.conversion.params.windows import WindowParams
from components.recipes.conversion.training.syllable_labeller import SyllableLabeller
from tests.toy.jobs import toy_params

PAIRS = {"an": "安岸", "ba": "八把爸", "ma": "马妈吗骂", "shi": "是事时", "zhong": "中种"}
SYLLABLES = list(PAIRS)
ALL = WindowParams(least=(1, 1, 1), most=1000)
Clause = tuple[str, str]  # text, syllables


def spoken(numbers: list[int]) -> Clause:
    """Syllables by number from 1; each means the candidate whose place is the number before it, the first the 0th."""
    names = [SYLLABLES[one - 1] for one in numbers]
    before = [0, *numbers[:-1]]
    text = "".join(PAIRS[name][last % len(PAIRS[name])] for name, last in zip(names, before, strict=True))
    return text, " ".join(names)


def random_clauses(count: int, longest: int = 8, seed: int = 0) -> list[Clause]:
    generator = np.random.default_rng(seed)
    return [spoken(generator.integers(1, 6, generator.integers(2, longest + 1)).tolist()) for _ in range(count)]


def write_prepared(
    folder: Path, train: list[Clause], validation: list[Clause], words: list[Clause] | None = None
) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, clauses in (("train", train), ("val", validation), ("lexicon", words or [])):
        pd.DataFrame(clauses, columns=["text", "syllables"], dtype="str").to_parquet(
            folder / f"{name}.parquet", index=False
        )
    Meta("pinyin_hanzi", {}, {}, {}, {"syllables": SYLLABLES, "pairs": PAIRS}).write(folder)
    return folder


def fit_params(**values: object) -> FitParams:
    return toy_params("finance_risk", **{f"fit__{name}": value for name, value in values.items()}).fit


def candidates() -> Tensor:
    table = torch.full((len(PAIRS) + 1, max(map(len, PAIRS.values()))), -1)
    pairs = iter(range(99))
    for row, characters in enumerate(PAIRS.values(), start=1):
        table[row, : len(characters)] = torch.tensor([next(pairs) for _ in characters])
    return table


def network(*, grams: int = 20, seed: int = 0, **values: Any) -> SyllableLabeller:
    """With weights large enough that every input shows in the output."""
    torch.manual_seed(seed)
    options: dict[str, Any] = {"size": 16, "window_size": 4, "output_size": 8}
    options |= {"blocks": 2, "heads": 2, "expansion": 2, "reach": 3}
    options |= {"dropout": 0.0, "attention_dropout": 0.0, "input_dropout": 0.0, "window_dropout": 0.0, "hidden": 0.0}
    options |= {"window_counts": torch.ones(grams + 1, dtype=torch.long), **values}
    net = SyllableLabeller(
        initials=torch.tensor([0, 1, 2, 3, 4, 5]),
        finals=torch.tensor([0, 1, 2, 2, 3, 4]),
        candidates=candidates(),
        counts=torch.arange(sum(map(len, PAIRS.values()))),
        windows=len(WINDOWS),
        **options,
    )
    with torch.no_grad():
        for parameter in net.parameters():
            if parameter.ndim > 1:
                parameter.normal_(std=0.4)
    return net

"""What the test's figure would be, had the events at one moment been in another order: which it was nobody knows."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from components.core.job import PREPARED_FILES, TEST, VALIDATION, Meta
from components.recipes.next_item.encoding.histories import Histories, rating_codes
from components.recipes.next_item.encoding.spec import TIES
from components.recipes.next_item.metrics.metrics import ranking_metrics
from components.recipes.next_item.metrics.ranks import ranks
from components.recipes.next_item.params.params import PRIMARY, NextItemJob
from components.recipes.next_item.serving.asked import Asked, select
from components.recipes.next_item.serving.predictor import RankingPredictor, open_predictor
from components.recipes.next_item.serving.serving import KNOWN, ask
from components.recipes.shared.serving import compared_bundle

TOLD = 0.1  # share of the test from which it is told
DRAWS = 5


@dataclass(frozen=True)
class Ties:
    """`tied` of `users` test users are asked one of several events at one moment; the metric as the file has their
    order, and in an order that chance draws, both of a model that has learned from none of them.
    """

    tied: int
    users: int
    in_file: float
    shuffled: float

    @property
    def told(self) -> str:
        """For the top of the card."""
        return (
            f"**For {self.tied:,} of {self.users:,} test users ({self.tied / self.users:.0%}) the order of the last "
            f"events is not known**: they are at one time. Of the model that learned before them {PRIMARY} is "
            f"{self.in_file:.4f} in the order of the file, and {self.shuffled:.4f} in one drawn by chance"
        )


def find_ties(job: NextItemJob, fitted: Path) -> Ties | None:
    """Of a fitted folder; None where few test users are tied."""
    prepared = job.paths.prepared(job.case)
    if not (prepared / TIES).is_file():  # prepared before there was one
        return None
    table, test = pq.read_table(prepared / TIES), pq.read_table(prepared / PREPARED_FILES[TEST])
    users, first = np.unique(test["user"].to_numpy(), return_index=True)
    tied = np.flatnonzero(np.isin(users, table["user"].to_numpy()))
    if not len(tied) or len(tied) < TOLD * len(users):
        return None
    # What the validation asks is among the events that could have been the last, and this one has not seen it.
    predictor = open_predictor(compared_bundle(fitted, VALIDATION))
    asked = ask(job, predictor, users, KNOWN[TEST])
    item = test["item"].to_numpy().astype(np.int64)
    target = item[first]
    in_file = _ranks(predictor, asked, target)
    if Meta.read(prepared).data["split"]["by"] == "time":
        others = _drawn(
            predictor, select(asked, tied), item, first[tied], table["events"].to_numpy(), job.evaluate.seed
        )
    else:
        rating = rating_codes(test["rating"].to_numpy()[first[tied]], predictor.data["rating_edges"])
        swapped, other = _swapped(select(asked, tied), target[tied], rating)
        others = [in_file[tied], _ranks(predictor, swapped, other)]  # two orders, each as likely
    metric = ranking_metrics([int(PRIMARY.partition("@")[2])])[PRIMARY]
    drawn = np.mean([metric(target[tied], one) for one in others])
    before = float(metric(target, in_file))
    shuffled = before + len(tied) / len(users) * float(drawn - metric(target[tied], in_file[tied]))
    return Ties(len(tied), len(users), before, shuffled)


def _ranks(predictor: RankingPredictor, asked: Asked, target: np.ndarray) -> np.ndarray:
    found = [
        ranks(block, target[part], predictor.seen(select(asked, np.arange(part.start, part.stop))))
        for part, block in predictor.score_blocks(asked)
    ]
    return np.concatenate(found)


def _swapped(asked: Asked, target: np.ndarray, rating: np.ndarray) -> tuple[Asked, np.ndarray]:
    """The questions (N,) had the last event of the history come after the asked one, which takes its place there."""
    histories, last = asked.histories, asked.histories.start[1:] - 1
    item, codes = histories.item.copy(), histories.rating.copy()
    other = item[last].astype(np.int64)
    item[last], codes[last] = target, rating
    return replace(asked, histories=Histories(item, histories.time, codes, histories.start)), other


def _drawn(
    predictor: RankingPredictor, asked: Asked, item: np.ndarray, first: np.ndarray, sizes: np.ndarray, seed: int
) -> list[np.ndarray]:
    """Ranks (N,) of items drawn from the `sizes` (N,) events of the test from `first` (N,) on: where time splits what
    happened at one moment is asked, and in nobody's history.
    """
    draw = np.random.default_rng(seed)
    chosen = [item[first + draw.integers(0, sizes)] for _ in range(DRAWS)]
    found = [
        [ranks(block, one[part], predictor.seen(select(asked, np.arange(part.start, part.stop)))) for one in chosen]
        for part, block in predictor.score_blocks(asked)
    ]
    return [np.concatenate([parts[place] for parts in found]) for place in range(DRAWS)]

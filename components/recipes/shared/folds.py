"""Cross-validation where rows cannot be shuffled: the case prepared and fitted again under other seeds."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from components.core.job import Job, Paths


@dataclass(frozen=True)
class FoldPaths(Paths):
    """Those of a fold: its own, but for the raw rows, which are those of the whole."""

    whole: Paths

    def raw(self, case: str) -> Path:
        return self.whole.raw(case)


def reseeded(
    job: Job,
    folder: Path,
    values: Callable[[int], Mapping[str, Any]],
    prepare: Callable[[Job], object],
) -> Iterator[Job]:
    """A job for each seed counted from `crossval.seed`, its prepared data below `folder`.

    Besides `fit.seed` its params have the `values` of the seed, by dotted key; `prepare` writes its prepared data.
    """
    for number in range(job.params.crossval.folds):
        seed = job.params.crossval.seed + number
        fold = job.with_values({**values(seed), "fit.seed": seed})
        fold = replace(fold, paths=FoldPaths(folder / f"fold-{number}", job.paths))
        fold.paths.prepared(job.case).parent.mkdir(parents=True, exist_ok=True)
        prepare(fold)
        yield fold

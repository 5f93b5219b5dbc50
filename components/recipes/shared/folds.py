"""Cross-validation where rows cannot be shuffled: the case prepared and fitted again under other seeds."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from components.core.contracts import Job, Meta, Paths
from components.core.params.case import CaseParams, override


def reseeded(
    job: Job,
    folder: Path,
    values: Callable[[int], Mapping[str, Any]],
    prepare: Callable[[Path, CaseParams], object],
) -> Iterator[Job]:
    """A job for each seed counted from `crossval.seed`, its prepared data below `folder`.

    Besides `fit.seed` its params have the `values` of the seed, by dotted key; `prepare` writes its prepared data.
    """
    for number in range(job.params.crossval.folds):
        seed, paths = job.params.crossval.seed + number, Paths(folder / f"fold-{number}")
        params = override(job.params, {**values(seed), "fit.seed": seed})
        target = paths.prepared(job.case)
        target.parent.mkdir(parents=True, exist_ok=True)
        prepare(target, params)
        yield replace(job, paths=paths, params=params)


def prepared_anew(prepare: Callable[[Job], Meta], *seeds: str) -> Callable[[Job, Path], Iterator[Job]]:
    """The folds of a recipe that prepares the case again under each seed; `seeds` are the dotted keys to set."""

    def write_folds(job: Job, folder: Path, /) -> Iterator[Job]:
        for number in range(job.params.crossval.folds):
            seed, paths = job.params.crossval.seed + number, Paths(folder / f"fold-{number}")
            raw = paths.raw(job.case)
            raw.parent.mkdir(parents=True, exist_ok=True)
            if not raw.exists():
                raw.symlink_to(job.paths.raw(job.case).resolve(), target_is_directory=True)
            again = replace(job.with_values({**dict.fromkeys(seeds, seed), "fit.seed": seed}), paths=paths)
            prepare(again)
            yield again

    return write_folds

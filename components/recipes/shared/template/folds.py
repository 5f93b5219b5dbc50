"""Cross-validation: the rows split anew under other seeds."""

from collections.abc import Iterator
from pathlib import Path

from components.recipes.shared.folds import reseeded
from components.recipes.shared.template.params import NumberJob
from components.recipes.shared.template.preparation import prepare


def write_folds(job: NumberJob, folder: Path) -> Iterator[NumberJob]:
    yield from reseeded(job, folder, lambda seed: {"prepare.seed": seed}, prepare)

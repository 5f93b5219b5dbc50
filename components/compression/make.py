"""The bundles that compression compares: the fitted one, and each variant that the params ask for."""

import logging
from collections.abc import Mapping
from pathlib import Path

from components.core.errors import CasebookError
from components.core.job import BUNDLE, FP32, Job, read_variants
from components.core.recipe import Recipe

log = logging.getLogger(__name__)


class NotMadeError(CasebookError):
    """A variant that this fit cannot be made smaller to, which is no reason to stop; the message says why."""


def fit_state(folder: Path) -> Path:
    """Where the fit of a variant that is trained keeps its state: beside the variant's folder."""
    return folder.with_suffix(".fit")


def make_variants(job: Job, recipe: Recipe, fitted: Path, work: Path) -> Mapping[str, Path]:
    """Bundle folders by name, the uncompressed one first; those of the variants that can be made are below `work`."""
    folders, makers = {FP32: fitted / BUNDLE}, recipe.makers
    for name, params in read_variants(job, recipe.variants).items():
        log.info("variant %s", name)
        try:
            makers[name](job, params, fitted, work / name)
        except NotMadeError as error:
            log.warning("variant %s is not made: %s", name, error)
        else:
            folders[name] = work / name
    return folders

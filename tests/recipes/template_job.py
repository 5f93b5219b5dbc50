"""The recipe that `casebook new-recipe` writes, in the process of a test: its template, on its own toy rows."""

from pathlib import Path
from typing import Any

import torch

from components.core.blocks import read_block
from components.core.files import whole_folder
from components.core.job import WEIGHTS, Job, Paths
from components.core.params.case import CaseParams
from components.core.params.defaults import DEFAULTS, merge
from components.core.params.overrides import override
from components.core.parts import Training
from components.core.yaml_files import parse_yaml, read_yaml
from components.recipes.shared.template.recipe import RECIPE
from components.training.fit import fit
from pipelines.commands.newrecipe import DOTTED, ROWS, TEMPLATE, block_text
from pipelines.steps import fetch


def template_job(root: Path, starts_from: Path | None = None, **values: Any) -> Job:
    """`values` are params, with `__` for the dots."""
    block = merge(read_yaml(TEMPLATE / DEFAULTS), parse_yaml(block_text(DOTTED), "case.yaml"), {})
    rows = str(TEMPLATE / ROWS)
    block["source"] |= {"path": rows, "watch": rows}
    params = read_block(CaseParams, block, "case.yaml")
    params = override(params, {name.replace("__", "."): value for name, value in values.items()})
    return Job("toy", params, Paths(root), RECIPE.blocks, starts_from=starts_from)


def prepared(job: Job) -> Job:
    fetch.run(job)
    RECIPE.preparation.prepare(job)
    return job


def fitted(job: Job, training: Training = RECIPE.training) -> Path:
    """The folder of a fit, of prepared rows."""
    out = job.paths.fitted(job.case)
    learner, _ = fit(job, training, state=job.paths.state(job.case) / "fit")
    with whole_folder(out) as folder:
        RECIPE.assembly.assemble(job, learner, folder)
        torch.save(learner.state_dict(), folder / WEIGHTS)
    return out

"""Make and measure smaller variants, pick one: `models/<case>/bundle`."""

import logging
import shutil

import pandas as pd

from components.compression.compare import compare, variant_row
from components.compression.make import fit_state, make_variants
from components.compression.measure import pick
from components.core.files import dvc_md5, read_json, whole_folder, write_json
from components.core.job import Job
from components.core.recipe import recipe_of
from components.tracking.track import connect
from components.training.fit import RESULT
from pipelines.resume import close_state, inputs_of, state_of
from pipelines.tracking import run_to_add_to

log = logging.getLogger(__name__)


def run(job: Job) -> None:
    """Leave the picked variant in `bundle/`, and all of them measured in `reports/<case>/compression`."""
    recipe, fitted, out = recipe_of(job), job.paths.fitted(job.case), job.paths.bundle(job.case)
    job = job.with_values(read_json(fitted / "fit.json")["values"])
    state = state_of(job, "compress", out, inputs_of(job, "compress", "compress") | {"fitted": dvc_md5(fitted)})
    # Variants are trained with callbacks that touch the weights, and for few epochs: one process does it.
    job = job.with_values({"fit.devices": 1, "fit.num_nodes": 1, "fit.strategy": "auto"})
    folders = make_variants(job, recipe, fitted, state)
    variants = compare(job, recipe, folders)
    chosen = pick(variants, job.params.compress.max_metric_drop)
    log.info("picked %s: %d bytes, loses %.4f of %s", chosen.name, chosen.bytes, chosen.loss.value, recipe.primary)
    rows = [variant_row(variant) for variant in variants]
    trained = {
        name: read_json(told) for name, folder in folders.items() if (told := fit_state(folder) / RESULT).is_file()
    }
    with whole_folder(job.paths.compression(job.case)) as folder:
        write_json(folder / "variants.json", {"picked": chosen.name, "variants": rows, "fits": trained})
    with whole_folder(out) as folder:
        shutil.copytree(folders[chosen.name], folder, dirs_exist_ok=True)
    close_state(state, out)
    tracker = connect(job.paths.root)
    run_id = run_to_add_to(tracker, job)
    tracker.log_table(run_id, pd.json_normalize(rows), "variants")
    tracker.log_tags(run_id, {"variant": chosen.name})
    tracker.log_params(run_id, {"compress": job.params.compress.model_dump(mode="json")})

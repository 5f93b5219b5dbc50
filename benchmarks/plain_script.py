"""finance_risk in one process without DVC, Prefect or MLflow: what the pipeline's cost is held against.

`python -m benchmarks.plain_script CASE PARAMS FOLDER` calls the same functions with the same seeds, and
prints the seconds of each part, of wall and of CPU, as JSON. There is no release: nothing is registered.
"""

import json
import sys
import time
from pathlib import Path

started = time.perf_counter()

import torch  # noqa: E402

from components.compression.compare import compare, variant_row  # noqa: E402
from components.compression.make import make_variants  # noqa: E402
from components.compression.measure import pick  # noqa: E402
from components.core.files import write_json  # noqa: E402
from components.core.job import WEIGHTS, Job, Paths  # noqa: E402
from components.core.params.load import load_params  # noqa: E402
from components.core.recipe import make_job, recipe_of  # noqa: E402
from components.evaluation.report import write_report  # noqa: E402
from components.training.fit import fit, resume_point  # noqa: E402
from components.tuning.search import search  # noqa: E402
from components.tuning.study import summary  # noqa: E402
from components.tuning.trials import FitFunctions  # noqa: E402
from pipelines.steps import fetch, prepare  # noqa: E402


def run(job: Job) -> dict[str, dict[str, float]]:
    """Seconds by part; `imports` is what all parts share."""
    took: dict[str, dict[str, float]] = {}
    last = {"wall": started, "cpu": 0.0}

    def lap(name: str) -> None:
        nonlocal last
        now = {"wall": time.perf_counter(), "cpu": time.process_time()}
        took[name], last = {clock: now[clock] - last[clock] for clock in now}, now

    lap("imports")

    recipe, paths = recipe_of(job), job.paths
    fetch.run(job)
    lap("fetch")
    prepare.run(job)
    lap("prepare")
    state = paths.state(job.case)
    url = f"sqlite:///{state / 'search' / 'study.db'}"
    study = search(
        job,
        recipe.training,
        FitFunctions(fit, resume_point),
        storage_url=url,
        state=state / "search",
        tell=lambda _: None,
    )
    job = job.with_values(summary(study, job, recipe.training)["values"])
    lap("search")
    fitted = paths.fitted(job.case)
    learner, _ = fit(job, recipe.training, state=state / "fit")
    recipe.assembly.assemble(job, learner, fitted)
    torch.save(learner.state_dict(), fitted / WEIGHTS)
    lap("fit")
    folders = make_variants(job, recipe, fitted, state / "compress")
    variants = compare(job, recipe, folders)
    picked = pick(variants, job.params.compress.max_metric_drop).name
    paths.compression(job.case).mkdir(parents=True)
    rows = [variant_row(variant) for variant in variants]
    write_json(paths.compression(job.case) / "variants.json", {"picked": picked, "variants": rows, "fits": {}})
    lap("compress")
    paths.evaluation(job.case).mkdir(parents=True)
    write_report(paths.evaluation(job.case), recipe.reporting.report(job, fitted, folders[picked]))
    lap("evaluate")
    return took


if __name__ == "__main__":
    name, params, folder = sys.argv[1:]
    print(json.dumps(run(make_job(name, load_params(Path(params)).case(name), Paths(Path(folder))))))

"""finance_risk in one process without DVC, Prefect or MLflow: what the pipeline's cost is held against.

`python -m benchmarks.plain_script CASE PARAMS FOLDER` calls the same functions with the same seeds, and
prints the seconds of each part as JSON. There is no release: nothing is registered.
"""

import json
import sys
import time
from pathlib import Path

started = time.perf_counter()

import torch  # noqa: E402

from components.compression.compare import compare, variant_row  # noqa: E402
from components.compression.measure import pick  # noqa: E402
from components.contracts import Job, Paths  # noqa: E402
from components.evaluation.report import write_report  # noqa: E402
from components.files import write_json  # noqa: E402
from components.params import load_params  # noqa: E402
from components.training.fit import fit, resume_epoch  # noqa: E402
from components.tuning.search import search  # noqa: E402
from components.tuning.study import summary  # noqa: E402
from components.tuning.trials import Fit  # noqa: E402
from pipelines.cases import load_case, with_values  # noqa: E402
from pipelines.steps import fetch, prepare  # noqa: E402


def run(job: Job) -> dict[str, float]:
    """Seconds by part; `imports` is what all parts share."""
    took, last = {"imports": time.perf_counter() - started}, time.perf_counter()

    def lap(name: str) -> None:
        nonlocal last
        took[name], last = time.perf_counter() - last, time.perf_counter()

    case, paths = load_case(job), job.paths
    fetch.run(job)
    lap("fetch")
    prepare.run(job)
    lap("prepare")
    state = paths.state(job.case)
    url = f"sqlite:///{state / 'search' / 'study.db'}"
    study = search(job, case, Fit(fit, resume_epoch), storage_url=url, state=state / "search", tell=lambda _: None)
    job = with_values(job, summary(study, job, case)["values"])
    lap("search")
    fitted = paths.fitted(job.case)
    learner, _ = fit(job, case, state=state / "fit")
    case.assemble(job, learner, fitted)
    torch.save(learner.state_dict(), fitted / "learner.pt")
    lap("fit")
    paths.evaluation(job.case).mkdir(parents=True)
    write_report(paths.evaluation(job.case), case.report(job, fitted))
    lap("evaluate")
    variants = compare(job, case, case.variants(job, fitted, state / "compress"))
    picked = pick(variants, job.params.compress.max_metric_drop).name
    paths.compression(job.case).mkdir(parents=True)
    rows = [variant_row(variant) for variant in variants]
    write_json(paths.compression(job.case) / "variants.json", {"picked": picked, "variants": rows})
    lap("compress")
    return took


if __name__ == "__main__":
    name, params, folder = sys.argv[1:]
    print(json.dumps(run(Job(name, load_params(Path(params)).case(name), Paths(Path(folder))))))

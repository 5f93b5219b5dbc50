"""All stages of a case in one process on little work: does the code run, not is the model good."""

from dataclasses import replace
from pathlib import Path

from components.contracts import Job, Paths
from components.params import FileSource, load_params, override
from pipelines.stages import STAGES, run


def smoke(case: str, root: Path) -> None:
    """Fetch to release with the params' `smoke` overrides, below `state/smoke`; the gate refuses the model."""
    params = load_params(root / "params.yaml").case(case)
    job = Job(case, override(params, params.smoke), Paths(root / "state" / "smoke" / case), smoke=True)
    if isinstance(job.params.source, FileSource):
        here = (root / job.params.source.path).resolve()
        watch = here.parent if job.params.source.beside else here
        job = replace(job, params=override(job.params, {"source.path": str(here), "source.watch": str(watch)}))
    for stage in STAGES:
        run(stage, job)

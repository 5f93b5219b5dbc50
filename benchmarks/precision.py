"""Training in bfloat16 beside float32, where a GPU is at hand."""

import tempfile
from dataclasses import replace
from pathlib import Path

import torch

from benchmarks.results import Result
from benchmarks.throughput import Clock, prepared_job
from components.core.job import Job
from components.core.params.overrides import override
from components.core.recipe import recipe_of
from components.training.fit import fit

CASE = "medical_cells"
EPOCHS = 3
PRECISIONS = ("32-true", "bf16-mixed")
# Of examples/medical_cells_gpu.yaml: what keeps a GPU busy.
VALUES = {
    "model.network.stem": 32,
    "model.network.widths": [64, 96, 128, 192],
    "model.network.depths": [1, 2, 2, 1],
    "model.network.size": 64,
    "fit.accelerator": "gpu",
    "fit.batch_size": 32,
    "fit.max_epochs": EPOCHS,
    "fit.patience": EPOCHS,
}
COLUMNS = ["precision", "views/s", "over float32", "GPU memory, MiB", "val/map50 after so few epochs"]


def measure(case_name: str, root: Path) -> Result:  # noqa: ARG001 - one signature
    title = "Training in bfloat16 and in float32"
    if not torch.cuda.is_available():
        note = "precision: not measured; it needs a GPU, and torch sees none here."
        return Result(name="precision", title=title, columns=COLUMNS, rows=[], notes=[note])
    with tempfile.TemporaryDirectory(prefix="casebook-bench-") as folder:
        job = prepared_job(CASE, root, Path(folder))
        _train(job, "32-true")  # the first pays for what CUDA sets up once
        found = {precision: _train(job, precision) for precision in PRECISIONS}
    base = found["32-true"][0]
    return Result(
        name="precision",
        title=title,
        columns=COLUMNS,
        rows=[[name, speed, speed / base, memory, value] for name, (speed, memory, value) in found.items()],
        notes=[f"{CASE} with the network of examples/medical_cells_gpu.yaml on {torch.cuda.get_device_name()}."],
    )


def _train(job: Job, precision: str) -> tuple[float, float, float]:
    """Views a second, the most memory in MiB, and the monitored value."""
    job = replace(job, params=override(job.params, {**VALUES, "fit.precision": precision}))
    clock = Clock()
    torch.cuda.reset_peak_memory_stats()
    with tempfile.TemporaryDirectory(dir=job.paths.root) as state:
        _, result = fit(job, recipe_of(job).training, state=Path(state) / "fit", callbacks=[clock])
    views = job.params.model["input"]["views"] * EPOCHS
    return views / clock.seconds, torch.cuda.max_memory_allocated() / 2**20, result.value

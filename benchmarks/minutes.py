"""Pinyin to characters: what the network gets right after so many minutes of training, beside the whole model."""

import tempfile
import time
from pathlib import Path

import torch
from lightning.pytorch import Callback, LightningModule, Trainer

from benchmarks.results import FOLDER, Result
from benchmarks.throughput import prepared_job
from components.core.errors import CasebookError
from components.core.job import VALIDATION
from components.core.recipe import recipe_of
from components.evaluation.presentation.figures import save
from components.evaluation.scores import read_scores
from components.recipes.conversion.recipe import PRIMARY
from components.recipes.conversion.report.figures import accuracy_over_minutes
from components.recipes.conversion.training.learner import SyllableLearner
from components.training.fit import fit

CASE = "pinyin_hanzi"
EACH = 8  # times an epoch
MINUTE = 60.0


class Curve(Callback):
    """Minutes of training, of the process's CPU time, and the accuracy of the averaged network on the validation then.

    The time that looking takes is not counted.
    """

    def __init__(self) -> None:
        self.points: list[tuple[float, float]] = []
        self.spent = 0.0

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:  # noqa: ARG002
        self.started = time.process_time()

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: object, batch: object, batch_idx: int  # noqa: ARG002
    ) -> None:  # fmt: skip
        if (batch_idx + 1) % (int(trainer.num_training_batches) // EACH) == 0:
            stopped = time.process_time()
            assert isinstance(pl_module, SyllableLearner)
            self.points.append(((stopped - self.started - self.spent) / MINUTE, accuracy(pl_module, trainer)))
            self.spent += time.process_time() - stopped


@torch.no_grad()
def accuracy(learner: SyllableLearner, trainer: Trainer) -> float:
    """Share of the validation's characters that the averaged network has right."""
    network, right, every = learner.served.eval(), 0, 0
    for batch in trainer.datamodule.val_dataloader():  # type: ignore[attr-defined]
        scores, target = learner(network, batch)
        right += int((scores.argmax(dim=1) == target).sum())
        every += int((batch.syllables > 0).sum())
    return right / every


def measure(case: str, root: Path) -> Result:  # noqa: ARG001 - it is about one case
    curve = Curve()
    with tempfile.TemporaryDirectory(prefix="casebook-bench-") as folder:
        job = prepared_job(CASE, root, Path(folder))
        fit(job, recipe_of(job).training, state=Path(folder) / "fit", callbacks=[curve])
    evaluation = root / "reports" / CASE / "evaluation"
    if not evaluation.exists():
        raise CasebookError(f"{evaluation}: not found; run `casebook run {CASE}` first")
    found = {one.split: one.by_model for one in read_scores(evaluation)}[VALIDATION]
    levels = {name: found[name][PRIMARY].value for name in ("model", "lattice")}
    caption = f"Validation of {CASE}; minutes of one CPU thread, without those of looking."
    save(accuracy_over_minutes({"the network alone": curve.points}, levels, caption=caption), FOLDER / "minutes.png")
    return Result(
        name="minutes",
        title="Pinyin to characters: accuracy against minutes of training, on the validation",
        columns=["CPU minutes", "characters, the network alone"],
        rows=[[minutes, share] for minutes, share in curve.points],
        notes=[
            f"Looked at {EACH} times an epoch of {job.params.fit.max_epochs}, one thread; a picture beside: "
            "[minutes.png](minutes.png). The lattice needs no training minutes beyond counting."
        ],
        details={"levels": levels},
    )

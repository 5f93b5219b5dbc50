"""Train one learner with Lightning: resumable, bit-identical under its seed, killed without loss."""

import logging
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from typing import Literal

import torch
from lightning.fabric.utilities.exceptions import MisconfigurationException
from lightning.pytorch import Callback, LightningDataModule, LightningModule, Trainer
from lightning.pytorch.callbacks import EarlyStopping, ModelCheckpoint, Timer
from lightning.pytorch.callbacks.early_stopping import EarlyStoppingReason
from lightning.pytorch.loggers import Logger

from components.core.errors import CasebookError, DamagedError, DivergedError
from components.core.files import read_json, write_json
from components.core.job import Job
from components.core.params.case import FitParams
from components.core.parts import Training
from components.core.results import FitResult
from components.training.checkpoints import KeepLast, WholeCheckpointIO, damage
from components.training.devices import claim
from components.training.processes import DistributedFit, check_processes, together, world_size
from components.training.progress import ProgressLog, StepLog
from components.training.steps import NEVER, Steps

log = logging.getLogger(__name__)

RESULT = "result.json"
BEST, LAST = "best", "last"


def fit(
    job: Job,
    training: Training,
    *,
    state: Path,
    logger: Logger | None = None,
    callbacks: Sequence[Callback] = (),
) -> tuple[LightningModule, FitResult]:
    """Train the case's learner and return it with its best weights.

    Checkpoints live in `state`. If a run was killed, the same call goes on after its last whole epoch, or its last
    validation where steps are counted, and ends with the same weights as an undisturbed run; if it had ended, it is
    not repeated. Where a file of the state is damaged the fit starts anew, which ends with the same weights, too.
    With several devices or nodes this process is the first of as many, and `callbacks` are called in
    it alone: they may watch and stop the fit, but not touch the weights.

    Raises:
        CasebookError: the monitored metric became NaN, or the parameters ask for devices or processes
            that cannot be had, or for what a learner that steps its optimizers itself must do itself.
    """
    params = job.params.fit
    check_processes(params)
    torch.set_num_threads(params.threads)
    learner, datamodule = build(job, training)
    _check_steps(learner, params)
    _drop_damaged(state)
    if not (state / RESULT).exists():
        claim(params)  # before any process that shares in the fit is started: it inherits what is visible
        resume = _last(state).exists()
        with together(job, training, state, resume=resume):
            result = _train(params, training, learner, datamodule, state, logger, callbacks, resume=resume)
        write_json(state / RESULT, asdict(result))
        if result.cut:
            log.warning(
                "fit.max_minutes: the %g minutes were over %s; the best weights until then are taken. Give it more "
                "minutes for the rest",
                params.max_minutes,
                result.cut,
            )
    result = _read_result(state / RESULT)
    checkpoint = torch.load(state / f"{BEST}.ckpt", map_location="cpu", weights_only=True)
    learner.load_state_dict(checkpoint["state_dict"])
    return learner.eval(), result


def build(job: Job, training: Training) -> tuple[LightningModule, LightningDataModule]:
    """A fresh learner with weights drawn from the fit's seed, and its data."""
    datamodule = training.data(job)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(job.params.fit.seed)
        return training.learner(job, datamodule), datamodule


def _check_steps(learner: LightningModule, params: FitParams) -> None:
    """Say which key the learner cannot be given, before Lightning refuses it in words of its own.

    Raises:
        CasebookError: gradients are to be clipped or gathered for a learner that steps its optimizers itself.
    """
    if learner.automatic_optimization:
        return
    asked = {"gradient_clip": (params.gradient_clip, None), "accumulate": (params.accumulate, 1)}
    for key, (value, wanted) in asked.items():
        if value != wanted:
            raise CasebookError(
                f"fit.{key} is {value}, but {type(learner).__name__} steps its optimizers itself "
                "(automatic_optimization is False), so that nobody else can do this for it; "
                f"say {key}: {'null' if wanted is None else wanted}, and do it in its training_step if need be"
            )


def _drop_damaged(state: Path) -> None:
    """Remove what a fit has left in `state` if a part of it is missing or is not what was written."""
    result, best, last = state / RESULT, state / f"{BEST}.ckpt", _last(state)
    try:
        if result.exists():
            _read_result(result)
        needed = [last] if last.exists() else []
        if result.exists() or (needed and damage(last) is None and _best_of(last)):
            needed.append(best)
        for checkpoint in needed:
            if (reason := damage(checkpoint)) is not None:
                raise DamagedError(checkpoint, reason)
    except DamagedError as error:
        log.warning(error.told("the fit starts anew"))
        for path in (result, best, last):
            path.unlink(missing_ok=True)


def _read_result(path: Path) -> FitResult:
    try:
        return FitResult(**read_json(path))
    except TypeError as error:
        raise DamagedError(path, error) from None


def _best_of(last: Path) -> bool:
    """Whether there was a best epoch when this checkpoint was written."""
    callbacks = torch.load(last, map_location="cpu", weights_only=True, mmap=True)["callbacks"]
    states = [state for name, state in callbacks.items() if name.startswith(ModelCheckpoint.__qualname__)]
    return any(state["best_model_path"] for state in states)


def forget(state: Path) -> None:
    """Remove the checkpoints in `state`, so that the next `fit` starts anew."""
    shutil.rmtree(state, ignore_errors=True)


class ResumedStopping(EarlyStopping):
    """Stops at once if the checkpoint that a killed run left was its last; Lightning's own would train on."""

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:  # noqa: ARG002
        trainer.should_stop = trainer.should_stop or self.stopping_reason != EarlyStoppingReason.NOT_STOPPED


class StopTogether(Callback):
    """Ends the fit in every process when a callback has ended it in one."""

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:  # noqa: ARG002
        trainer.should_stop = trainer.strategy.reduce_boolean_decision(trainer.should_stop, all=False)


@dataclass(frozen=True)
class FitCallbacks:
    """The callbacks that say when a fit ends and what it keeps."""

    stopping: EarlyStopping
    timer: Timer
    steps: Steps
    best: ModelCheckpoint
    last: KeepLast

    @classmethod
    def of(cls, params: FitParams, training: Training, state: Path) -> "FitCallbacks":
        steps = Steps(params)
        return cls(
            ResumedStopping(training.monitor, mode=training.mode, patience=params.patience, check_finite=True),
            Timer(timedelta(minutes=params.max_minutes)),
            steps,
            ModelCheckpoint(
                state,
                filename=BEST,
                monitor=training.monitor,
                mode=training.mode,
                save_weights_only=True,  # nobody resumes from it
                enable_version_counter=False,
            ),
            KeepLast(_last(state), steps),
        )

    def around(self, params: FitParams, callbacks: Sequence[Callback]) -> list[Callback]:
        """All callbacks in their order: steps after what may stop the fit, the last checkpoint after all of whose
        state it holds.
        """
        together = [StopTogether()] if world_size(params) > 1 else []
        return [self.stopping, self.timer, self.steps, *callbacks, *together, self.best, self.last]


def _train(
    params: FitParams,
    training: Training,
    learner: LightningModule,
    datamodule: LightningDataModule,
    state: Path,
    logger: Logger | None,
    callbacks: Sequence[Callback],
    *,
    resume: bool,
) -> FitResult:
    own = FitCallbacks.of(params, training, state)
    progress = ProgressLog(params.max_epochs) if params.validate_every is None else StepLog(own.steps)
    callbacks = own.around(params, [progress, *callbacks])
    trainer = make_trainer(params, logger, callbacks)
    if resume:
        log.info("resuming from %s", _last(state))
    trainer.fit(learner, datamodule=datamodule, ckpt_path=str(_last(state)) if resume else None)
    best = own.best
    if not own.steps.done:
        raise CasebookError(
            f"fit.max_minutes: {params.max_minutes:g} were over before the first step of {params.accumulate} "
            "batch(es); give it more, or lower fit.accumulate"
        )
    if best.best_model_score is None or not torch.isfinite(best.best_model_score):
        raise DivergedError(
            f"{training.monitor} was never a finite number in {trainer.current_epoch} epochs; "
            "lower cases.<case>.fit.lr or look at the data"
        )
    return FitResult(
        monitor=training.monitor,
        value=float(best.best_model_score),
        best_epoch=int(torch.load(best.best_model_path, weights_only=True)["epoch"]),
        epochs=own.steps.epochs,
        steps=own.steps.done,
        stopped=_reason(own),
        max_epochs=params.max_epochs,
        planned=own.steps.planned,
    )


def help_fit(distributed: DistributedFit) -> None:
    """Take part in a fit whose first process is another one.

    Raises:
        CasebookError: this node does not see the checkpoint that the fit goes on from.
    """
    params, state = distributed.job.params.fit, distributed.state
    torch.set_num_threads(params.threads)
    claim(params)  # under torchrun; what the first process started finds its devices taken for it
    if distributed.resume and not _last(state).exists():
        raise CasebookError(f"{_last(state)}: not found; all nodes of a fit share one disk for the checkout")
    learner, datamodule = build(distributed.job, distributed.training)
    trainer = make_trainer(params, None, FitCallbacks.of(params, distributed.training, state).around(params, []))
    trainer.fit(learner, datamodule=datamodule, ckpt_path=str(_last(state)) if distributed.resume else None)


def _last(state: Path) -> Path:
    return state / f"{LAST}.ckpt"


def on_cpu(params: FitParams) -> FitParams:
    """The same for one process on the CPU in 32 bits: where an exported graph runs, a network is held against it."""
    one = {"devices": 1, "num_nodes": 1, "strategy": "auto"}
    return params.model_copy(update={**one, "accelerator": "cpu", "precision": "32-true"})


def make_trainer(params: FitParams, logger: Logger | None, callbacks: list[Callback]) -> Trainer:
    """Lightning's Trainer as the parameters say, without the extras that cost time on small tables.

    Raises:
        CasebookError: the accelerator or the number of devices is not there.
    """
    for name in ("lightning.pytorch", "lightning.fabric"):
        logging.getLogger(name).setLevel(logging.WARNING)  # what it says of devices and tips is no news here
    try:
        return Trainer(
            accelerator=params.accelerator,
            devices=params.devices,
            num_nodes=params.num_nodes,
            strategy=params.strategy,
            precision=params.precision,
            max_epochs=params.max_epochs,
            gradient_clip_val=params.gradient_clip,
            accumulate_grad_batches=params.accumulate,
            # With steps, `Steps` says when a validation is due, over the bounds of epochs.
            val_check_interval=1.0 if params.validate_every is None else NEVER,
            check_val_every_n_epoch=1 if params.validate_every is None else None,
            logger=logger or False,
            callbacks=callbacks,
            plugins=[WholeCheckpointIO()],
            enable_progress_bar=False,
            enable_model_summary=False,
            num_sanity_val_steps=0,
            log_every_n_steps=1_000_000_000,  # epochs are logged, steps are not: a step may cost less than its log line
            use_distributed_sampler=False,
        )
    except (MisconfigurationException, RuntimeError, ValueError, TypeError) as error:
        raise CasebookError(
            f"fit: Lightning cannot run on accelerator={params.accelerator!r}, devices={params.devices}, "
            f"strategy={params.strategy!r}, precision={params.precision!r} here: {error}"
        ) from error


def _reason(watchers: FitCallbacks) -> Literal["epochs", "steps", "patience", "minutes"]:
    if watchers.stopping.stopping_reason != EarlyStoppingReason.NOT_STOPPED:
        return "patience"
    if (watchers.timer.time_remaining() or 0) <= 0 and watchers.steps.done < watchers.steps.planned:
        return "minutes"
    return "steps" if watchers.steps.ended else "epochs"


def resume_point(state: Path) -> int:
    """The first epoch that a `fit` in `state` would still run, or with `validate_every` the first step; 0 if it would
    start anew.
    """
    _drop_damaged(state)
    last = _last(state)
    if not last.exists():
        return 0
    checkpoint = torch.load(last, map_location="cpu", weights_only=True, mmap=True)
    return int(checkpoint["callbacks"][Steps.__qualname__]["next"])

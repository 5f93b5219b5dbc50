"""All that serves in one process: the models, the queue, the log and the figures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from components.core.job import AnyJob
from components.core.params.monitor import PredictionLog
from components.serving.beside import Beside
from components.serving.canary import CANARY, WHICH, Canary
from components.serving.finding import find
from components.serving.kept import Keeper
from components.serving.metrics import Figures
from components.serving.models import LOOKED_EVERY, Finder, Model, Slot, Watcher, online
from components.serving.problems import LONGEST, Problem
from components.serving.queues import Queues
from components.serving.service import Explain
from components.serving.shadow import Shadow


@dataclass(frozen=True)
class Serving:
    """What a person has asked for: cases, which version of each (None: the champion), and how rows are answered."""

    jobs: Sequence[AnyJob]
    version: str | None
    explain: Explain
    strict: bool
    token: str | None = field(repr=False)
    logs: Mapping[str, PredictionLog]
    look_every: float = LOOKED_EVERY
    max_body: Mapping[str, int] = field(default_factory=dict)  # bytes, of cases that do not take what their recipe says
    shadow: str | None = None  # a version's number or alias: it answers unseen
    canary: float | None = None  # percent of the rows that the candidate answers


class State:
    """Opened by `start` before the first request and closed by `stop` after the last."""

    def __init__(self, asked: Serving, finder: Finder = find) -> None:
        self.asked, self._find = asked, finder
        self.figures = Figures()
        self.batcher = Queues()
        self.slots: dict[str, Slot] = {}
        self.limits: dict[str, int] = {}
        self.ready, self.draining = False, False
        root = asked.jobs[0].paths.root if asked.jobs else Path.cwd()
        self.keeper = Keeper(root, asked.logs, self.figures)
        self.canaries: dict[str, Canary] = {}
        self.shadow: Shadow | None = None
        self._watcher: Watcher[Slot | Beside] | None = None

    def start(self) -> None:
        """Open every model.

        Raises:
            CasebookError: a case has no such version, or it cannot be opened.
        """
        for job in self.asked.jobs:
            self.slots[job.case] = Slot(job, self.asked.version, self._find)
            self.limits[job.case] = self.asked.max_body.get(job.case, online(job.params.recipe).MAX_BODY)
            self.figures.serving.labels(job.case).set(int(self.slots[job.case].model.version))
            self.figures.trouble.labels(job.case).set(0)
        self._start_beside()
        self.batcher.start()
        self.keeper.start()
        looking: list[Slot | Beside] = [*self.slots.values(), *(one.beside for one in self.canaries.values())]
        self._watcher = Watcher(looking, self._looked, self.asked.look_every)
        self._watcher.start()
        self.ready = True

    def stop(self) -> None:
        self.ready = False
        if self._watcher is not None:
            self._watcher.stop()
            self.batcher.stop()
            if self.shadow is not None:
                self.shadow.stop()
            self.keeper.stop()

    def model(self, case: str) -> Model:
        """Who answers a case now.

        Raises:
            Problem: 404 where it is not served, 503 before all are opened.
        """
        if not self.ready:
            raise Problem(503, "the server is not ready", headers={"Retry-After": "1"})
        if case not in self.slots:
            raise Problem(404, f"no case {case[:LONGEST]!r} is served; there are: {', '.join(self.slots) or 'none'}")
        return self.slots[case].model

    def _start_beside(self) -> None:
        """What is tried beside the champions, which serve whether or not it opens."""
        asked = self.asked
        if asked.canary is not None:
            for job in asked.jobs:
                beside = Beside(job, WHICH, self._find)
                beside.look()
                self.figures.stands(job.case, CANARY, beside.version, beside.trouble)
                self.canaries[job.case] = Canary(beside, asked.canary, self.figures)
        if asked.shadow is not None:
            self.shadow = Shadow(asked.jobs, asked.shadow, asked.look_every, self._find, self.figures, self.keeper)
            self.shadow.start()

    def _looked(self, slot: Slot | Beside, swapped: bool) -> None:
        case = slot.job.case
        self.figures.waiting.set(self.batcher.waiting)  # or another process would tell of a queue that was
        if isinstance(slot, Beside):
            self.figures.stands(case, CANARY, slot.version, slot.trouble)
            return
        self.figures.trouble.labels(case).set(1 if slot.trouble else 0)
        if swapped:
            self.figures.swaps.labels(case).inc()
            self.figures.serving.labels(case).set(int(slot.model.version))

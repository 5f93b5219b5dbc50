"""What `casebook run` does: case after case, or several side by side, the quickest first, a failed one alone.

One `dvc status` says which stages are to run; DVC then runs those of a case in one process. Plain `dvc repro` of all
cases does the same work, one stage at a time, and stops at the first that fails.
"""

import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from components.core.params.case import Params
from components.core.params.load import load_params
from pipelines.case_times import Watch, expected, in_words, keep
from pipelines.closing import Ended
from pipelines.code import forget_experiments
from pipelines.outcome import outcome
from pipelines.plan import due
from pipelines.reproduce import dvc_environment, end_running, reproduce
from pipelines.stages import MAKE_BUNDLE, STAGES
from pipelines.warm.start import helper_for

Say = Callable[[str], object]


@dataclass(frozen=True)
class Work:
    """A case's stages to run, which `after` must have ended for, and the seconds that they took last, if known."""

    case: str
    stages: tuple[str, ...]
    after: tuple[str, ...]
    seconds: float | None

    @property
    def releases(self) -> bool:
        return f"{STAGES[-1]}@{self.case}" in self.stages


def run_cases(cases: Sequence[str], root: Path, say: Say, *, jobs: int = 1, force: bool = False) -> list[Ended]:
    """Bring the cases up to date, `jobs` at a time, and return how each ended, in the order they are named in; those
    that they start from come before them where their bundles failed.

    Where one fails those that start from it are left out, and all others go on. What came of each is told by the
    caller, at the end; here it is said as soon as it is known, where there is more than one.

    Raises:
        CasebookError: `params.yaml` is wrong, or DVC cannot tell what is to run.
    """
    params = load_params(root / "params.yaml")
    forget_experiments(root)
    found = due([f"{STAGES[-1]}@{case}" for case in cases], root)
    if found.code and reproduce(["code"], root, single=True, tell=_tell):
        return [Ended(case, "failed") for case in cases]
    needed = found.stages | {f"{stage}@{case}" for case in cases for stage in STAGES if force}
    works = in_turn(cases, needed, params, root)
    current = [case for case in cases if case not in {work.case for work in works}]
    for case in current if len(cases) > 1 else ():
        say(f"{case}: up to date; {outcome(root, case)}")
    turns = _Turns(root, say, works, min(jobs, len(works)), force=force)
    stages = [stage for work in works for stage in work.stages]
    with _told_to_end(), helper_for(stages, root, dvc_environment()) as turns.variables:
        turns.run()
    ended = {one.case: one for one in (*turns.ended, *(Ended(case, "up to date") for case in current))}
    before = [one for case, one in ended.items() if case not in cases and not one.well]
    return [*before, *(ended[case] for case in cases)]


def in_turn(cases: Sequence[str], needed: frozenset[str], params: Params, root: Path) -> list[Work]:
    """The cases with something to run: those whose time is known by it, then the others as they were named.

    A case comes after those that it starts from; of these that are not named only the bundle is made.
    """
    found = {}
    for case in dict.fromkeys(one for name in cases for one in (*params.before(name), name)):
        stages = tuple(f"{stage}@{case}" for stage in (STAGES if case in cases else MAKE_BUNDLE))
        stages = tuple(stage for stage in stages if stage in needed)
        if stages:
            found[case] = Work(case, stages, params.before(case), expected(root, case, stages))
    quick = sorted(found.values(), key=lambda work: (work.seconds is None, work.seconds or 0.0))
    ordered: dict[str, Work] = {}
    for work in quick:
        ordered |= {case: found[case] for case in (*work.after, work.case) if case in found}
    return list(ordered.values())


class _Turns:
    """The works that wait, those under way, and how the others ended."""

    def __init__(self, root: Path, say: Say, works: list[Work], jobs: int, *, force: bool) -> None:
        self.root, self.say, self.waiting, self.jobs, self.force = root, say, works, jobs, force
        self.all = len(works)
        self.begun = 0
        self.running: dict[Future[Ended], Work] = {}
        self.ended: list[Ended] = []
        self.variables: dict[str, str] = {}  # for every stage

    def run(self) -> None:
        if not self.waiting:
            return
        with ThreadPoolExecutor(self.jobs) as threads:
            try:
                while self.waiting or self.running:
                    self._leave_out()
                    self._begin(threads)
                    self._await()
            except BaseException:
                end_running()
                raise

    def _leave_out(self) -> None:
        """In their order, so that who starts from one that is left out is left out, too."""
        for work in list(self.waiting):
            failed = {one.case for one in self.ended if not one.well}
            if lacking := [case for case in work.after if case in failed]:
                self.waiting.remove(work)
                self.ended.append(Ended(work.case, "left out", lacking=lacking[0]))

    def _begin(self, threads: ThreadPoolExecutor) -> None:
        for work in list(self.waiting):
            busy = {one.case for one in (*self.running.values(), *self.waiting)}
            if len(self.running) < self.jobs and not busy.intersection(work.after):
                self.waiting.remove(work)
                self.begun += 1
                self.say(f"{work.case} ({self.begun} of {self.all}): {_plan_of(work)}")
                self.running[threads.submit(self._work, work)] = work

    def _await(self) -> None:
        done, _ = wait(self.running, return_when=FIRST_COMPLETED)
        for future in done:
            self.running.pop(future)
            self.ended.append(future.result())

    def _work(self, work: Work) -> Ended:
        watch, mark = Watch(), f"{work.case} | " if self.jobs > 1 else ""

        def tell(line: str) -> None:
            watch.hear(line)
            _tell(f"{mark}{line}" if line else line)

        code = 1
        try:
            code = reproduce(
                list(work.stages), self.root, single=True, force=self.force, variables=self.variables, tell=tell
            )
        finally:
            watch.end(whole=code == 0)
            keep(self.root, work.case, watch)
        if self.all > 1:
            self._say_end(work, in_words(watch.elapsed), failed=code != 0)
        return Ended(work.case, "failed" if code else "done", watch.elapsed)

    def _say_end(self, work: Work, took: str, *, failed: bool) -> None:
        if failed:
            self.say(f"{work.case}: failed after {took}; why stands above")
        else:
            self.say(f"{work.case}: {outcome(self.root, work.case) if work.releases else 'bundle made'}; {took}")


def _tell(line: str) -> None:
    """What DVC and the stages say; the lines of cases alone stand on stdout."""
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def _plan_of(work: Work) -> str:
    names = [stage.partition("@")[0] for stage in work.stages]
    what = "all stages" if len(names) == len(STAGES) else ", ".join(names)
    return what if work.seconds is None else f"{what}; {in_words(work.seconds)} last time"


@contextmanager
def _told_to_end() -> Iterator[None]:
    """End by an exception when told to, so that what runs in threads is ended first."""

    def handle(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - what signal.signal calls
        raise SystemExit(128 + number)

    handlers = {number: signal.signal(number, handle) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)

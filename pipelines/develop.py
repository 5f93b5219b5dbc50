"""The flow that a schedule or a team runs: the stages of `dvc.yaml`, a task each, cases side by side.

Each task runs its stage through DVC in a process of its own, so the flow and `dvc repro` end in the
same lock; as those of `casebook run`, the stages that run here are forks of a helper. Where a Prefect
server has workers of the pool `gpu`, they search and fit. Prefect's cache stays off: DVC sees code,
data and parameters, where Prefect sees none. One `dvc status` says what is to run; the tasks of the
other stages start nothing and end as `Cached`.
"""

import argparse
import os
import signal
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pipelines.environment import ROOT, prepare_environment

prepare_environment()

from prefect import flow, task  # noqa: E402 - prefect reads the environment when it is imported
from prefect.cache_policies import NO_CACHE  # noqa: E402
from prefect.futures import PrefectFuture, wait  # noqa: E402
from prefect.logging import get_run_logger  # noqa: E402
from prefect.runtime import flow_run  # noqa: E402
from prefect.states import Completed, State  # noqa: E402

from components.core.errors import BAD_INPUT, DONE, CasebookError  # noqa: E402
from components.core.params.case import Params  # noqa: E402
from components.core.params.load import load_params  # noqa: E402
from components.registry.finding import check_registry  # noqa: E402
from pipelines.code import forget_experiments  # noqa: E402
from pipelines.flow_runs import await_recorded, end_orphans, hold  # noqa: E402
from pipelines.operating import dispatch  # noqa: E402
from pipelines.operating.store import check_embedded  # noqa: E402
from pipelines.plan import due, plan  # noqa: E402
from pipelines.provenance import FLOW_RUN  # noqa: E402
from pipelines.reproduce import dvc_environment, end_running, reproduce  # noqa: E402
from pipelines.servers.private import close_prefect  # noqa: E402
from pipelines.stages import MAKE_BUNDLE, STAGES, TRAINS, terminate  # noqa: E402
from pipelines.warm.start import helper_for  # noqa: E402


class StageError(RuntimeError):
    """A stage ended with an exit code other than 0; its own message stands in the log above."""


@task(task_run_name="code", cache_policy=NO_CACHE)
def look(targets: list[str], root: str) -> frozenset[str]:
    """The stages up to `targets` that must run; what they read is written here, for `dvc repro -s` of a stage does not.

    This once for all cases, and only where it is not of today's params and code.
    """
    forget_experiments(Path(root))
    found = due(targets, Path(root))
    if found.code:
        run_here("code", root, str(flow_run.id))
    get_run_logger().info("to run: %s", ", ".join(sorted(found.stages)) or "nothing, all is up to date")
    return found.stages


@task(task_run_name="{stage}@{case}", cache_policy=NO_CACHE)
def run_stage(
    stage: str, case: str, root: str, *, needed: bool, variables: Mapping[str, str] | None = None
) -> State[Any] | None:
    """Bring one stage of one case up to date, on the pool that suits it or else here, where that is `needed`.

    `variables` are for the stage that runs here.
    """
    if not needed:
        return Completed(name="Cached", message="up to date, by dvc status")
    if not (has_pool(stage) and dispatch.dispatch(stage, case, Path(root))):
        run_here(f"{stage}@{case}", root, str(flow_run.id), variables)
    elif any(line.startswith(f"{stage}@{case}:") for line in plan([f"{stage}@{case}"], Path(root), force=False)):
        raise StageError(
            f"{stage}@{case} ran on the pool {dispatch.POOL}, and {root} has nothing of it: its workers must share "
            "this folder, at the same path; end those that do not"
        )
    return None


def has_pool(stage: str) -> bool:
    """Whether the stage goes to a pool, if that has a worker."""
    return stage in dispatch.STAGES and "PREFECT_API_URL" in os.environ


@flow(name="stage", flow_run_name="{stage}@{case}")
def stage_on_pool(stage: str, case: str, flow_run_id: str, root: str = str(ROOT)) -> None:
    """One stage for the flow run `flow_run_id`: what the pool `gpu` runs."""
    hold(Path(root) / "state" / "flows", flow_run.id)
    with stages_ended():
        run_here(f"{stage}@{case}", root, flow_run_id)


@contextmanager
def helper_of(stages: Collection[str], root: str) -> Iterator[dict[str, str]]:
    """A helper for those of the stages that run on this machine, and its variables; see `helper_for`."""
    here = [stage for stage in stages if not has_pool(stage.partition("@")[0])]
    # The stages are ended before their helper: it would kill those that it finds at work.
    with helper_for(here, Path(root), dvc_environment()) as variables, stages_ended():
        yield variables


@contextmanager
def stages_ended() -> Iterator[None]:
    """End the stages under way in any thread where the block fails, or is told to end."""
    try:
        yield
    except BaseException:
        end_running()
        raise


def run_here(stage: str, root: str, flow_run_id: str, variables: Mapping[str, str] | None = None) -> None:
    """`dvc repro` of the stage, with all that it says in the log of the run."""
    log = get_run_logger()
    log.info("dvc repro -s %s", stage)

    def tell(line: str) -> None:
        if line.strip():
            log.info("%s", line)

    variables = {**(variables or {}), FLOW_RUN: flow_run_id}
    code = reproduce([stage], Path(root), single=True, variables=variables, tell=tell)
    if code != 0:
        raise StageError(f"{stage} ended with exit code {code}; its message stands above")


@flow(name="develop", flow_run_name="develop {cases}")
def develop(cases: list[str], root: str = str(ROOT)) -> None:
    """Fetch, prepare, search, fit, compress, evaluate and release each case.

    The stages of a case run one after the other, the cases side by side; one that starts from another is trained when
    that one has a bundle, and has it made if it is not among the cases. A failed stage ends its own case, and those
    that start from it.
    """
    folder = Path(root) / "state" / "flows"
    end_orphans(folder)
    hold(folder, flow_run.id)
    check_registry(Path(root), cases)
    with stages_ended():
        needed = look([f"{STAGES[-1]}@{case}" for case in cases], root)
    params = load_params(Path(root) / "params.yaml")
    with helper_of(needed, root) as variables:
        complete(submit_cases(cases, root, params, needed, variables))


def complete(futures: list[PrefectFuture[Any]]) -> None:
    """Wait for all, and raise what the first failed one raised."""
    wait(futures)
    await_recorded({future.task_run_id: future.state.type for future in futures if future.state.is_final()})
    for future in futures:
        if future.state.is_failed() or future.state.is_crashed():  # a task after it is neither: it never began
            future.result()


def submit_cases(
    cases: Sequence[str], root: str, params: Params, needed: Collection[str], variables: Mapping[str, str]
) -> list[PrefectFuture[Any]]:
    """The tasks of all cases, and of those that they start from up to the bundle."""
    made: dict[str, dict[str, PrefectFuture[Any]]] = {}
    for case in dict.fromkeys(one for name in cases for one in (*params.before(name), name)):
        stages, start = (STAGES if case in cases else MAKE_BUNDLE), params.case(case).start
        bundle = [] if start is None else [made[start][MAKE_BUNDLE[-1]]]
        made[case] = dict(zip(stages, submit_stages(case, root, needed, stages, bundle, variables), strict=True))
    return [future for futures in made.values() for future in futures.values()]


def submit_stages(
    case: str,
    root: str,
    needed: Collection[str],
    stages: Sequence[str] = STAGES,
    bundle: Sequence[PrefectFuture[Any]] = (),
    variables: Mapping[str, str] | None = None,
) -> list[PrefectFuture[Any]]:
    """A task for each of the case's stages, which waits for the one before it; training waits for `bundle` too."""
    futures: list[PrefectFuture[Any]] = []
    for stage in stages:
        after = [*futures[-1:], *(bundle if stage == TRAINS else ())]
        asked = {"stage": stage, "case": case, "root": root, "needed": f"{stage}@{case}" in needed}
        futures.append(run_stage.submit(**asked, variables=variables, wait_for=after, return_state=False))
    return futures


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m pipelines.develop", description=develop.__doc__)
    parser.add_argument("cases", nargs="*", help="cases of params.yaml; all of them if none is named")
    arguments = parser.parse_args()
    # Prefect hands a SIGTERM on to the handler before its own; the default one would leave its embedded server behind.
    signal.signal(signal.SIGTERM, terminate)
    try:
        params = load_params(ROOT / "params.yaml")
        names = arguments.cases or sorted(params.cases)
        for name in names:
            params.case(name)
        close_prefect(ROOT)
        if "PREFECT_API_URL" not in os.environ:
            check_embedded()
        develop(names)
    except (CasebookError, StageError) as error:
        print(error, file=sys.stderr)  # noqa: T201
        return BAD_INPUT
    return DONE


if __name__ == "__main__":
    sys.exit(main())

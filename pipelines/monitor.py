"""The flow for schedules: the newest rows beside the champion's training data, a report, a retrain when it says so."""

import argparse
import os
import signal
import sys
from pathlib import Path

from pipelines.environment import ROOT, prepare_environment

prepare_environment()

from prefect import flow, task  # noqa: E402 - prefect reads the environment when it is imported
from prefect.artifacts import create_markdown_artifact  # noqa: E402
from prefect.cache_policies import NO_CACHE  # noqa: E402
from prefect.logging import get_run_logger  # noqa: E402
from prefect.runtime import flow_run  # noqa: E402

from components.core.errors import BAD_INPUT, DONE, CasebookError  # noqa: E402
from components.core.job import Job, Paths  # noqa: E402
from components.core.markdown import escaped  # noqa: E402
from components.core.params.load import load_params  # noqa: E402
from components.core.params.operate import load_operate  # noqa: E402
from components.core.recipe import make_job  # noqa: E402
from components.monitoring.once import Result, Retrain  # noqa: E402
from pipelines.commands.monitoring import Looked, look, retrain_once, summary  # noqa: E402
from pipelines.flow_runs import end_orphans, hold  # noqa: E402
from pipelines.operating.ask import ask_for_retrain  # noqa: E402
from pipelines.operating.notify import notify_look  # noqa: E402
from pipelines.operating.retrained import prepared_digest  # noqa: E402
from pipelines.operating.store import check_embedded  # noqa: E402
from pipelines.servers.private import close_prefect  # noqa: E402
from pipelines.stages import set_up_logging, terminate  # noqa: E402


@task(task_run_name="look@{case}", cache_policy=NO_CACHE)
def look_at(case: str, root: str) -> Looked:
    """Compare, report, log to MLflow."""
    job, params = job_of(case, root), load_operate(Path(root) / "params.yaml").of(case).monitor
    looked = look(job, params, flow_run=str(flow_run.id))
    for line in summary(looked):
        get_run_logger().info(line)
    create_markdown_artifact(
        key=f"monitor-{case.replace('_', '-')}", markdown="\n\n".join(map(escaped, summary(looked)))
    )
    return looked


@flow(name="monitor", flow_run_name="monitor {case}")
def monitor(case: str, root: str = str(ROOT)) -> None:
    """Look at the case's newest rows and start a retrain if they call for one: at most one in the cool-down."""
    folder = Path(root) / "state" / "flows"
    end_orphans(folder)
    hold(folder, flow_run.id)
    looked = look_at(case, root)
    params = load_operate(Path(root) / "params.yaml").of(case).monitor
    decided = looked.found.compared >= params.min_rows
    notify_look(Path(root), case, looked.found, decided=decided, say=get_run_logger().warning)
    started = retrain_once(job_of(case, root), params, looked.found, lambda due: start_retrain(case, root, due))
    get_run_logger().info("a retrain was started" if started else "no retrain is started")


def start_retrain(case: str, root: str, due: Retrain) -> Result | None:
    """Hand the retrain to the server's deployment, which runs it once however often it is asked, or else run it here.

    What it came to is known where it ran here; the deployment's writes it down itself.

    Raises:
        NotStartedError: the server does not answer, or has no such deployment.
    """
    if os.environ.get("PREFECT_API_URL"):
        ask_for_retrain(case, key=due.id)
        return None
    from pipelines.retrain import STATES
    from pipelines.retrain import retrain as here

    state = here(case, root, return_state=True)
    state.result(raise_on_failure=True)
    came = next(came for came, name in STATES.items() if name == state.name)
    return Result(came, prepared_digest(case, Path(root)))


def job_of(case: str, root: str) -> Job:
    return make_job(case, load_params(Path(root) / "params.yaml").case(case), Paths(Path(root)))


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m pipelines.monitor", description=monitor.__doc__)
    parser.add_argument("case")
    arguments = parser.parse_args()
    set_up_logging()
    signal.signal(signal.SIGTERM, terminate)
    try:
        load_params(ROOT / "params.yaml").case(arguments.case)
        close_prefect(ROOT)
        if "PREFECT_API_URL" not in os.environ:
            check_embedded()
        monitor(arguments.case)
    except CasebookError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return BAD_INPUT
    return DONE


if __name__ == "__main__":
    sys.exit(main())

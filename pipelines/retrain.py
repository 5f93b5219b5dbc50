"""The flow for schedules: look for new rows, develop, ask a person where params say so, record the lock."""

import json
import os
from pathlib import Path
from typing import Any

from pipelines.environment import ROOT, prepare_environment

prepare_environment()

from prefect import Flow, flow, task  # noqa: E402 - prefect reads the environment when it is imported
from prefect.artifacts import create_link_artifact, create_markdown_artifact  # noqa: E402
from prefect.cache_policies import NO_CACHE  # noqa: E402
from prefect.client.schemas.objects import FlowRun  # noqa: E402
from prefect.context import FlowRunContext  # noqa: E402
from prefect.logging import get_run_logger  # noqa: E402
from prefect.logging.loggers import flow_run_logger  # noqa: E402
from prefect.runtime import flow_run  # noqa: E402
from prefect.states import Completed, State  # noqa: E402

from components.core.markdown import escaped, inert  # noqa: E402
from components.core.params.load import load_params  # noqa: E402
from components.core.params.operate import Approval, Record, load_operate  # noqa: E402
from components.core.params.source import FileSource, FolderSource, Source, SqlSource  # noqa: E402
from components.core.passwords import without_login  # noqa: E402
from components.monitoring.once import Came  # noqa: E402
from components.registry.finding import check_registry  # noqa: E402
from pipelines.develop import complete, helper_of, look, stages_ended, submit_stages  # noqa: E402
from pipelines.flow_runs import end_orphans, hold  # noqa: E402
from pipelines.news import look_at_database  # noqa: E402
from pipelines.operating.approval import approved  # noqa: E402
from pipelines.operating.events import retrain_failed, retrain_refused  # noqa: E402
from pipelines.operating.links import run_page  # noqa: E402
from pipelines.operating.notify import notify, notify_champion  # noqa: E402
from pipelines.operating.record import push, record  # noqa: E402
from pipelines.operating.retrained import Outcome, lock_at_begin, outcome_of, write_down  # noqa: E402
from pipelines.plan import plan  # noqa: E402
from pipelines.servers.private import close_prefect  # noqa: E402
from pipelines.stages import STAGES  # noqa: E402

RELEASE = STAGES[-1]
# Prefect's names of the states in which a retrain ends, for those who did not wait for it.
STATES: dict[Came, str] = {
    "unchanged": "Unchanged",
    "refused": "Refused",
    "rejected": "Rejected",
    "promoted": "Completed",
}


def tell_failure(flow: Flow[..., Any], flow_run: FlowRun, state: State[Any]) -> None:
    """When a retrain has failed: Prefect calls it at the end of the run."""
    case, root = flow_run.parameters["case"], Path(flow_run.parameters.get("root", ROOT))
    write_down(root, case, flow_run.idempotency_key, "failed")
    notify(
        root,
        retrain_failed(case, str(flow_run.id), without_login(state.message or "no reason is known")),
        say=flow_run_logger(flow_run, flow).warning,
    )


@flow(name="retrain", flow_run_name="retrain {case}", on_failure=[tell_failure])
def retrain(case: str, root: str = str(ROOT)) -> State[Any]:
    """Fetch what is new, and bring the case up to date from there to a model that the gate has judged.

    It ends as `Unchanged` where nothing was to be done, as `Refused` by the gate, and as `Rejected` where approval is
    needed and not given: the champion stays.
    """
    folder = Path(root)
    operate = load_operate(folder / "params.yaml").of(case)
    end_orphans(folder / "state" / "flows")
    hold(folder / "state" / "flows", flow_run.id)
    check_registry(folder, [case])
    say = get_run_logger().warning
    notify_champion(folder, case, say=say)
    look_for_news(case, root)
    before = lock_at_begin(case, folder, str(flow_run.id))
    rejected = bring_up_to_date(case, root, operate.retrain.approval)
    found = rejected or outcome_of(case, folder, before)
    if found.came != "unchanged" and rejected is None:
        tell(case, root)
    record_lock(case, root, operate.retrain.record)
    write_down(folder, case, own_key(), found.came)
    if found.came == "refused":
        notify(folder, retrain_refused(case, str(flow_run.id), found.words, found.reasons), say=say)
    notify_champion(folder, case, say=say)
    get_run_logger().info(found.words)
    return Completed(name=STATES[found.came], message=found.words)


def bring_up_to_date(case: str, root: str, approval: Approval) -> Outcome | None:
    """Run the stages that are due; a person's refusal, where one is asked and says no."""
    folder = Path(root)
    with stages_ended():
        needed = look([f"{RELEASE}@{case}"], root)
        before = [stage for stage in needed if stage != f"{RELEASE}@{case}"]
        with helper_of(before, root) as variables:  # none waits for a person's answer
            complete(submit_stages(case, root, needed, STAGES[:-1], variables=variables))
        if approval.needed and any(plan([f"{RELEASE}@{case}"], folder, force=False)):
            answer = approved(case, folder, approval)
            if not answer.approve:
                return Outcome("rejected", f"{case}: the champion stays. {answer.note}")
        complete(submit_stages(case, root, needed, STAGES[-1:]))
    return None


def own_key() -> str | None:
    """The key under which this run was asked for, which Prefect makes once."""
    context = FlowRunContext.get()
    return None if context is None or context.flow_run is None else context.flow_run.idempotency_key


@task(task_run_name="look for news of {case}", cache_policy=NO_CACHE)
def look_for_news(case: str, root: str) -> str:
    """Say whether the source can change, and has; the stage `fetch` brings it."""
    source = load_params(Path(root) / "params.yaml").case(case).source
    if (grown := look_at_database(case, Path(root))) is not None:
        get_run_logger().info(grown)
    if (why := pinned(source)) is not None:
        found = f"the source of {case} cannot change: {why}"
    else:
        news = [line for line in plan([f"fetch@{case}"], Path(root), force=False) if line.startswith("fetch@")]
        found = news[0] if news else f"{source.watch} is as it was fetched last"
    get_run_logger().info(found)
    return found


def pinned(source: Source) -> str | None:
    """Why the bytes of a source are the same at every fetch, or None where they may change."""
    if isinstance(source, FolderSource | SqlSource):
        return None
    if isinstance(source, FileSource):
        digests = [source.sha256, *source.beside.values()]
        return None if None in digests else "params.yaml has its digest"
    return "its files are named with their digests"


@task(task_run_name="what became of {case}", cache_policy=NO_CACHE)
def tell(case: str, root: str) -> None:
    """The gate's answer as artifacts, with a link to the run in MLflow."""
    release = json.loads((Path(root) / "reports" / case / "release.json").read_text(encoding="utf-8"))
    done = "promoted to champion" if release["promoted"] else "not promoted"
    words = f"{case} version {release['version']}: {done}"
    key = case.replace("_", "-")
    page = run_page(case, Path(root))
    create_link_artifact(link=page, link_text=f"{case} in MLflow", key=f"mlflow-{key}", description=words)
    reasons = [f"- {escaped(reason)}" for reason in release["reasons"]]
    card = (Path(root) / "reports" / case / "card.md").read_text(encoding="utf-8")
    markdown = inert("\n".join([f"**{words}**", *reasons, "", card]))
    create_markdown_artifact(key=f"retrain-{key}", markdown=markdown, description="What the gate found, and the card")
    get_run_logger().info("%s; %s", words, page)


@task(task_run_name="record the lock of {case}", cache_policy=NO_CACHE, retries=2, retry_delay_seconds=5)
def record_lock(case: str, root: str, where: Record) -> None:
    """Commit `dvc.lock` and the params to the branch of the case, and push it where params say so."""
    branch, log = where.branch.format(case=case), get_run_logger()
    commit = record(Path(root), branch, f"Retrain {case}\n\nPrefect flow run {flow_run.id}")
    log.info("nothing new for the branch %s", branch) if commit is None else log.info("%s is at %s", branch, commit)
    if where.push is not None:
        push(Path(root), branch, where.push)
        log.info("pushed to %s", where.push)


if __name__ == "__main__":
    import argparse

    parser = argparse.ArgumentParser(prog="python -m pipelines.retrain", description=retrain.__doc__)
    parser.add_argument("case")
    os.chdir(ROOT)
    close_prefect(ROOT)
    retrain(parser.parse_args().case)

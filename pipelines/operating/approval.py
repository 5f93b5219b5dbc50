"""A person's answer before the gate is asked; none in time is a no."""

from pathlib import Path
from uuid import UUID

from prefect.client.orchestration import get_client
from prefect.exceptions import FlowPauseTimeout
from prefect.flow_runs import pause_flow_run
from prefect.input import RunInput
from prefect.logging import get_run_logger
from prefect.runtime import flow_run
from prefect.states import Running

from components.core.files import read_json
from components.core.params.operate import Approval
from components.core.written import written
from components.evaluation.scores import read_scores

KEY = "approval"


class Answer(RunInput):
    """The form in Prefect's page of the run."""

    approve: bool = False
    note: str = ""


def approved(case: str, root: Path, approval: Approval) -> Answer:
    """Pause the run until somebody has answered in Prefect's pages."""
    minutes = approval.within_minutes
    get_run_logger().warning("%s waits %g minutes for an approval: Resume, on the page of this run", case, minutes)
    form = Answer.with_initial_data(description=question(case, root), approve=False, note="")
    try:
        answer = pause_flow_run(wait_for_input=form, timeout=max(1, round(60 * minutes)), poll_interval=2, key=KEY)
    except FlowPauseTimeout:
        # Prefect would end a run as Failed that it still has as paused.
        with get_client(sync_client=True) as client:
            client.set_flow_run_state(UUID(str(flow_run.id)), Running(), force=True)
        answer = Answer(approve=False, note=f"Nobody approved it within {minutes:g} minutes.")
    get_run_logger().info("%s: %s. %s", case, "approved" if answer.approve else "rejected", answer.note)
    return answer


def question(case: str, root: Path) -> str:
    """What there is to know before one says yes: the scores on the test split, and which variant would serve."""
    variants = read_json(root / "reports" / case / "compression" / "variants.json")
    lines = [f"Release the new model of **{case}**, if the gate lets it pass?", ""]
    for scores in read_scores(root / "reports" / case / "evaluation"):
        for model, metrics in scores.by_model.items():
            shown = ", ".join(f"{name} {written(found.value)}" for name, found in metrics.items())
            lines.append(f"- {scores.split}, {model}: {shown}")
    lines.append(f"- served as: {variants['picked']}")
    return "\n".join(lines)

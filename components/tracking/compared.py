"""What a served model is compared with, as runs nested in its own: the same names of metrics, so that selecting them in
MLflow's table of runs is the comparison.
"""

import time
from collections.abc import Mapping

from mlflow.entities import Metric

from components.tracking.owners import HIDDEN, owner
from components.tracking.runs import NOTE, PARENT, new_run
from components.tracking.track import Tracker, plain_name

ALONE = "network alone"  # the name of `LEARNER` where people read it
COMPARED = f"{HIDDEN}compared"  # whose figures a nested run has


def log_compared(
    tracker: Tracker, case: str, run: str, metrics: Mapping[str, Mapping[str, float]], notes: Mapping[str, str]
) -> None:
    """Give each name of `metrics` a run under `run`, with its note; told again, or after a kill, it is the same one."""
    children = tracker.client.search_runs([tracker.experiment(case)], f"tags.`{PARENT}` = '{run}'", max_results=1000)
    known = {child.data.tags[COMPARED]: str(child.info.run_id) for child in children if COMPARED in child.data.tags}
    now = int(time.time() * 1000)
    for name, values in metrics.items():
        tags = {PARENT: run, COMPARED: name, "casebook.stage": "baseline", NOTE: notes[name], **owner()}
        child = known.get(name) or new_run(tracker, case, name, tags)
        tracker.client.log_batch(child, [Metric(plain_name(key), value, now, 0) for key, value in values.items()])
        tracker.client.set_terminated(child, "FINISHED")

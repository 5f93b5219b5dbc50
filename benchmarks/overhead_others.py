"""What DVC, MLflow and imports cost in whole runs of other cases: the first part of `benchmarks.overhead`."""

from pathlib import Path

from benchmarks.cost import slowness
from benchmarks.overhead import Table, result, whole_runs
from benchmarks.results import Result
from benchmarks.workspace import clean_environment, copied_checkout

CASES = ("medical_prognosis", "recommender")


def measure(_case: str, root: Path) -> Result:
    environment = clean_environment()
    table = Table(slowness(root, environment))
    for case in CASES:
        with copied_checkout(root) as copy:
            whole_runs(case, copy, environment, table)
    return result(table, "overhead_others", "What the pipeline itself costs, other cases")

"""The recommender over seeds beside its peers; see `benchmarks.crossval`."""

from pathlib import Path

from benchmarks.crossval import measure as crossval
from benchmarks.results import Result


def measure(_case: str, root: Path) -> Result:
    return crossval("recommender", root)

"""`python -m benchmarks [NAME ...]`: run all benchmarks or the named ones; tables here, JSON in results/."""

import argparse
import importlib
import logging
import sys
from dataclasses import replace
from pathlib import Path

from benchmarks.results import describe_machine, save, show
from pipelines.environment import prepare_environment
from pipelines.stages import set_up_logging

CASE = "finance_risk"
BY_NAME = ("tuned_peers",)  # not among all that runs where none is named
BENCHMARKS = {
    "throughput": "rows a second of a Lightning fit beside a raw torch loop",
    "overhead": "the pipeline's stages beside a plain script, its no-op and the flow",
    "overhead_others": "medical_prognosis, recommender: whole runs beside a plain script",
    "crossval": "finance_risk: quality over 5 folds beside peers",
    "ranking": "recommender: quality over 3 seeds beside peers",
    "conversion": "pinyin_hanzi: quality, speed and memory of each variant beside peers",
    "minutes": "pinyin_hanzi: accuracy of the network against minutes of training",
    "detection": "medical_cells, blood_cells: boxes found by each variant beside peers",
    "prognosis": "medical_prognosis: quality over 5 folds and on the external cohort beside peers",
    "compression": "size, speed and loss of each variant of the model",
    "interactions": "rows a second and memory of preparing events beside pandas",
    "monitoring": "rows a second and memory of a look at growing numbers of rows",
    "answers": "CPU time of one answer by arrays and by frames",
    "predict": "rows a second and memory of casebook predict on growing files",
    "serving": "CPU, requests a second and latency of casebook serve beside MLflow's server, every case",
    "sequential": "recommender: seconds an epoch and to a quality beside RecTools and RecBole",
    "distributed": "a fixed number of trials by one worker and by two",
    "precision": "views a second in bfloat16 and in float32, where a GPU is at hand",
    "resampling": "intervals of detection metrics, matched once, beside an evaluation of each resample",
    "growth": "what a retrain adds to each store, and runs an hour",
    "small_tables": "tables of few rows, as `casebook new` takes them, beside plain logistic regression",
    "tuned_peers": "tables of classes and of numbers, as `casebook new` takes them, beside tuned peers; hours, by name",
    "topk": "the ten best of a large catalogue, exact and by an index",
}


def main(arguments: list[str] | None = None) -> int:
    """Exit code 1 if a limit is missed."""
    listed = "\n".join(f"  {name:<15} {what}" for name, what in BENCHMARKS.items())
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", epilog=listed, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BENCHMARKS))
    names = parser.parse_args(arguments).names or [name for name in BENCHMARKS if name not in BY_NAME]
    if unknown := [name for name in names if name not in BENCHMARKS]:
        parser.error(f"no benchmark {unknown[0]!r}; there are: {', '.join(BENCHMARKS)}")
    prepare_environment(Path.cwd())
    set_up_logging(logging.WARNING)
    met = True
    for name in names:
        machine = describe_machine()
        found = importlib.import_module(f"benchmarks.{name}").measure(CASE, Path.cwd())
        if not found.rows:  # nothing could be measured here: what was measured elsewhere stays
            print(*found.notes)
            continue
        show(result := replace(found, machine=machine))
        save(result)
        met = met and all(limit.met for limit in result.limits)
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())

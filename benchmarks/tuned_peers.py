"""Tables of several classes and of a number, as `casebook new` takes them, beside peers that Optuna tuned as long.

The peers know nothing of our code: `python -m benchmarks.tuned_peers --only peers` may run before anything else. What
is found is kept by table, fold and peer in `$CASEBOOK_TUNED` (`state/benchmarks/tuned`), so that it can be stopped;
their environment is `$CASEBOOK_TUNED_ENVIRONMENT` (`state/benchmarks/tuned-peers`).
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.results import Result
from benchmarks.tuned.compare import Folds, of_ours, of_peer
from benchmarks.tuned.shown import PEERS, shown
from benchmarks.tuned.tables import FOLDS, TABLES, Table, folds_of, read_tables
from benchmarks.workspace import clean_environment, copied_checkout, peers_python
from components.core.closure import digest
from components.core.errors import CasebookError
from components.core.files import json_digest, read_json
from pipelines.environment import ROOT, prepare_environment

REQUIREMENTS = Path(__file__).with_name("tuned") / "requirements.txt"
PEERS_CODE = ("peers", "rows", "tabm_peer", "tune")
SECONDS = 60.0  # of a peer on a fold, where ours are not known yet; with fewer than ours it goes on


class Workplace:
    """The tables as CSV files, their folds, and where results are kept."""

    def __init__(self, root: Path, tables: Mapping[str, Table]) -> None:
        self.folder = Path(os.environ.get("CASEBOOK_TUNED", root / "state" / "benchmarks" / "tuned"))
        self.tables = tables
        raw = self.folder / "raw" / json_digest(sorted(tables))[:12]  # of its own: two processes may run at once
        read = read_tables(tables, raw, root / "state" / "fetch")
        self.folds = {name: folds_of(rows, tables[name]) for name, rows in read.items()}
        self.csv = {name: self._write(name, rows) for name, rows in read.items()}

    def _write(self, name: str, rows: pd.DataFrame) -> Path:
        path = self.folder / "tables" / f"{name}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        rows.to_csv(path, index=False)
        return path

    def key(self, name: str, code: str) -> str:
        """What a result rests on: the rows, their folds, and the code."""
        return json_digest({"csv": self.csv[name].read_text("utf-8"), "folds": self.folds[name], "code": code})

    def found(self, name: str, who: str) -> list[Path]:
        return [self.folder / name / who / f"fold-{fold}.json" for fold in range(FOLDS)]


def run_peers(place: Workplace, python: Path, seconds: Mapping[str, float]) -> None:
    """Tune each peer on each fold of each table for these seconds; what has been done counts."""
    code = digest(ROOT, [ROOT / "benchmarks" / "tuned" / f"{name}.py" for name in PEERS_CODE]) + REQUIREMENTS.read_text(
        "utf-8"
    )
    environment = clean_environment() | {"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    for name, table in place.tables.items():
        key = place.key(name, code)
        for who in PEERS:
            for fold, out in enumerate(place.found(name, who)):
                given = {"csv": str(place.csv[name].resolve()), "folds": place.folds[name], "fold": fold, "peer": who}
                given |= {"target": table.target, "kind": table.kind, "budget": seconds[name], "key": key}
                if not _is_done(out, key, seconds[name]):
                    _tune(python, {**given, "out": str(out.resolve())}, environment)
        print(f"{name}: peers tuned for {seconds[name]:.0f} s a fold", flush=True)


def _is_done(out: Path, key: str, seconds: float) -> bool:
    return out.is_file() and (found := read_json(out))["key"] == key and found["spent"] >= seconds


def _tune(python: Path, settings: Mapping[str, Any], environment: Mapping[str, str]) -> None:
    Path(settings["out"]).parent.mkdir(parents=True, exist_ok=True)
    command = [python, "-m", "benchmarks.tuned.tune"]
    given = json.dumps(settings)
    done = subprocess.run(
        command, input=given, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True, check=False
    )
    if done.returncode:
        who = f"{settings['peer']} on fold {settings['fold']} of {settings['csv']}"
        raise CasebookError(f"{who} ended with {done.returncode}: {done.stderr[-2000:]}")


def run_ours(place: Workplace, root: Path) -> dict[str, Folds]:
    from benchmarks.tuned.ours import code, ours

    found = {}
    with copied_checkout(root) as checkout:
        for name, table in place.tables.items():
            files, key = place.found(name, "casebook"), place.key(name, code(table.kind))
            found[name] = of_ours(ours(name, table, place.csv[name].resolve(), place.folds[name], checkout, files, key))
            print(f"{name}: casebook took {np.mean(found[name].seconds):.0f} CPU-seconds a fold", flush=True)
    return found


def measure(_case: str, root: Path, tables: Mapping[str, Table] = TABLES) -> Result:
    place = Workplace(root, tables)
    mine = run_ours(place, root)
    seconds = {name: float(np.mean(folds.seconds)) for name, folds in mine.items()}
    run_peers(place, python_of_peers(root), seconds)
    theirs = {
        name: {who: of_peer([read_json(file) for file in place.found(name, who)], seconds[name]) for who in PEERS}
        for name in tables
    }
    return shown({name: one.kind for name, one in tables.items()}, mine, theirs)


def python_of_peers(root: Path) -> Path:
    folder = Path(os.environ.get("CASEBOOK_TUNED_ENVIRONMENT", root / "state" / "benchmarks" / "tuned-peers"))
    pins = [line for line in REQUIREMENTS.read_text("utf-8").splitlines() if line and not line.startswith("#")]
    return peers_python(folder.resolve(), pins)


def main(arguments: list[str] | None = None) -> int:
    """Runs a part of it alone and shows nothing: `python -m benchmarks tuned_peers` then finds it done."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.tuned_peers")
    parser.add_argument("--only", choices=("peers", "casebook"), required=True)
    parser.add_argument("--tables", default=",".join(TABLES), help="names, with commas between them")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="of a peer on each fold")
    given = parser.parse_args(arguments)
    root = Path.cwd()
    prepare_environment(root)
    place = Workplace(root, {name: TABLES[name] for name in given.tables.split(",")})
    if given.only == "peers":
        run_peers(place, python_of_peers(root), dict.fromkeys(place.tables, given.seconds))
    else:
        run_ours(place, root)
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Releases and rollbacks, each killed at one call and then repeated: what they end in, as JSON lines.

A program of its own: it imports MLflow once and forks, so that every attempt is a real process
that dies of a real SIGKILL, without paying for the imports each time.
"""

import json
import logging
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict, astuple
from pathlib import Path
from typing import Any

import mlflow.pyfunc
import mlflow.store.artifact.local_artifact_repo as artifacts
from mlflow import MlflowClient

from components.registry import ledger_writing
from components.registry.champion import rival_of
from components.registry.ledger import history
from components.registry.ledger_file import ledger_path, read_lines
from components.registry.promote import rollback, settle
from components.registry.register import model_of, register
from components.tracking.runs import NOTE, end_orphans
from components.tracking.track import Tracker, connect
from tests.components.registry.toys import CASE, METRICS, PASSED, make_release, use_toy_predictor

Work = Callable[[Path], None]


def release(root: Path, income: float = 0.2) -> None:
    tracker = connect(root)
    end_orphans(tracker, CASE)
    version = register(tracker, make_release(tracker, income))
    settle(tracker, CASE, version, PASSED, METRICS, rival_of(tracker, CASE, version))


def go_back(root: Path) -> None:
    rollback(connect(root), CASE)


def killed(work: Work, owner: Any, name: str, call: int, moment: str) -> Work:
    """`work` in a process that dies before, after or halfway through the given call of a function."""
    original = getattr(owner, name)
    calls = 0

    def deadly(*values: Any, **named: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == call and moment == "before":
            os.kill(os.getpid(), 9)
        answer = original(*values, **named)
        if calls == call and moment == "halfway":
            for file in [path for path in Path(values[1]).rglob("*") if path.is_file()][::2]:
                file.unlink()
        if calls == call and moment != "before":
            os.kill(os.getpid(), 9)
        return answer

    def doomed(root: Path) -> None:
        setattr(owner, name, deadly)
        work(root)

    return doomed


def in_child(work: Work, root: Path) -> int:
    child = os.fork()
    if child == 0:
        try:
            work(root)
        except BaseException:  # the parent reads the exit code
            logging.exception("child")
            os._exit(1)  # documented: a forked child must not do what its parent does at exit
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def state(root: Path) -> dict[str, Any]:
    """All that must be the same after an undisturbed and after a disturbed release."""
    tracker = connect(root)
    found = tracker.client.search_model_versions(f"name = '{CASE}'")
    for one in found:
        model_of(tracker, CASE, str(one.version))  # raises if it cannot be read
    models = tracker.client.search_logged_models([tracker.experiment(CASE)])
    return {
        "versions": sorted([one.version, one.tags["bundle_md5"], one.tags.get("decision")] for one in found),
        "aliases": {name: str(number) for name, number in tracker.client.get_registered_model(CASE).aliases.items()},
        "ledger": [list(astuple(one))[:5] for one in history(tracker, CASE)],
        "file": [line.entry for line in read_lines(ledger_path(root, CASE)).lines]
        == [json.loads(json.dumps(asdict(one))) for one in history(tracker, CASE)],
        "models": sorted(str(one.status) for one in models),
        "outputs": _outputs(tracker),
        "pages": [_without_times(text) for text in _pages(tracker, found)],
        "running": len(tracker.client.search_runs([tracker.experiment(CASE)], "attributes.status = 'RUNNING'")),
    }


def _outputs(tracker: Tracker) -> int:
    runs = tracker.client.search_runs([tracker.experiment(CASE)])
    return sum(len(run.outputs.model_outputs) if run.outputs else 0 for run in runs)


def _pages(tracker: Tracker, versions: list[Any]) -> list[str]:
    """The descriptions of the model, its versions and its experiment."""
    told = [one.description for one in sorted(versions, key=lambda one: int(one.version))]
    experiment = tracker.client.get_experiment(tracker.experiment(CASE)).tags.get(NOTE)
    return [str(text) for text in (tracker.client.get_registered_model(CASE).description, *told, experiment)]


def _without_times(text: str) -> str:
    return re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d|runs/[0-9a-f]{32}", "…", text)


def print_state(root: Path, label: str, code: int) -> None:
    def child(root: Path) -> None:
        say({"label": label, "code": code, "state": state(root)})

    if in_child(child, root):
        say({"label": label, "code": code, "state": "unreadable"})


def say(value: Any) -> None:
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


def try_all(base: Path, work: Work, points: list[tuple[Any, str, int, str]], label: str) -> None:
    undisturbed = Path(tempfile.mkdtemp(dir=base.parent)) / "root"
    shutil.copytree(base, undisturbed)
    print_state(undisturbed, f"{label}: undisturbed", in_child(work, undisturbed) - 9)
    for owner, name, call, moments in points:
        for moment in moments.split():
            root = Path(tempfile.mkdtemp(dir=base.parent)) / "root"
            shutil.copytree(base, root)
            code = in_child(killed(work, owner, name, call, moment), root)
            code = code if in_child(work, root) == 0 else 1
            print_state(root, f"{label}: {moment} call {call} of {name}", code)
            shutil.rmtree(root.parent)


BOTH = "before after"
NAMED = [(MlflowClient, "create_registered_model", 1, BOTH)]
REGISTERED = [
    (MlflowClient, "create_logged_model", 1, BOTH),
    (mlflow.pyfunc, "save_model", 1, BOTH),
    (artifacts, "shutil_copytree_without_file_permissions", 1, "before halfway after"),  # the upload
    (MlflowClient, "finalize_logged_model", 1, BOTH),
    (MlflowClient, "log_outputs", 1, BOTH),
    (MlflowClient, "create_model_version", 1, BOTH),
    (MlflowClient, "set_registered_model_alias", 1, BOTH),  # candidate
]
SETTLED = [
    (MlflowClient, "log_batch", 1, BOTH),
    (MlflowClient, "set_registered_model_tag", 1, BOTH),  # the ledger
    (ledger_writing, "add_lines", 1, BOTH),  # its file
    (MlflowClient, "update_registered_model", 1, BOTH),
    (MlflowClient, "set_experiment_tag", 1, BOTH),
    (MlflowClient, "update_model_version", 1, BOTH),
    (MlflowClient, "set_registered_model_alias", 2, BOTH),  # champion
    (MlflowClient, "set_model_version_tag", 1, BOTH),
    (MlflowClient, "set_model_version_tag", 2, BOTH),
]
# After its last call a rollback is over, and the same command again goes one step further back.
ROLLED_BACK = [
    (MlflowClient, "set_registered_model_tag", 1, BOTH),
    (ledger_writing, "add_lines", 1, BOTH),
    (MlflowClient, "update_registered_model", 1, BOTH),
    (MlflowClient, "update_model_version", 2, BOTH),
    (MlflowClient, "set_registered_model_alias", 1, "before"),
]

if __name__ == "__main__":
    store = Path(sys.argv[1])
    warm = store.parent / "warm"
    shutil.copytree(store, warm)
    use_toy_predictor(store.parent / "toy_code")
    release(warm)  # what is loaded and prepared on first use is inherited by all children
    state(warm)
    try_all(store, release, NAMED + SETTLED, "first release")
    with_champion = store.parent / "with_champion"
    shutil.copytree(store, with_champion)
    assert in_child(lambda root: release(root, 0.1), with_champion) == 0
    try_all(with_champion, release, REGISTERED + SETTLED, "second release")
    with_two = store.parent / "with_two"
    shutil.copytree(with_champion, with_two)
    assert in_child(release, with_two) == 0
    try_all(with_two, go_back, ROLLED_BACK, "rollback")

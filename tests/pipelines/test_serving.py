"""`casebook serve` as a process: what happens to requests while versions, workers, disks and the server itself go."""

import json
import os
import signal
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pandas as pd
import psutil
import pytest

from components.core.bundle import INDEX
from components.core.files import file_digest, read_json, write_json
from components.core.job import BUNDLE
from components.registry.model_files import ARTIFACTS, FILES
from components.serving.finding import find
from tests.pipelines.conftest import ROWS, Checkout
from tests.pipelines.serving import Load, body_of, end, figure, promote, serving, spawned, until
from tests.pipelines.test_monitor import drifted

pytestmark = pytest.mark.slow


def swapped_to(load: Load, address: str, swaps: int, version: str) -> None:
    until(lambda: figure(address, "casebook_swaps_total") >= swaps, f"swap {swaps}")
    count = len(load.answers)
    until(lambda: version in {one for _, one in load.answers[count:]}, f"an answer of version {version}")


def test_swaps_a_lost_registry_and_the_end_fail_no_request(two_versions):
    checkout = two_versions
    with serving(checkout) as (started, address):
        body = body_of(address)
        first = httpx.post(f"{address}/v1/toy/predict", json=body).json()["version"]
        with Load(f"{address}/v1/toy/predict", body) as load:
            for turn in range(10):
                wanted = 1 if turn % 2 == (first == "1") else 2
                promote(checkout, wanted)
                swapped_to(load, address, turn + 1, str(wanted))
            rolled = checkout.run("python", "-m", "pipelines.cli", "rollback", "toy")
            assert rolled.code == 0, rolled.said
            swapped_to(load, address, 11, "1" if wanted == 2 else "2")
            assert len(load.versions) >= 11

            database, away = checkout.root / "mlflow.db", checkout.root / "mlflow.db.away"
            with closing(sqlite3.connect(database, timeout=60)) as locked:
                locked.execute("PRAGMA locking_mode = EXCLUSIVE")
                locked.execute("BEGIN EXCLUSIVE")
                until(lambda: figure(address, "casebook_swap_trouble") == 1, "the trouble of a locked registry")
                count = len(load.answers)
                until(lambda: len(load.answers) > count + 20, "answers while the database is locked")
                locked.rollback()
            until(lambda: figure(address, "casebook_swap_trouble") == 0, "the registry is read again")
            database.rename(away)
            until(lambda: figure(address, "casebook_swap_trouble") == 1, "the trouble of a registry that is gone")
            count = len(load.answers)
            until(lambda: len(load.answers) > count + 20, "answers while the database is gone")
            away.rename(database)
            until(lambda: figure(address, "casebook_swap_trouble") == 0, "the registry is back")
            assert "goes on serving" in started.said

            end(started, address)
            load.stop()
        assert started.process.wait(40) == 0, started.said
        assert load.failed == []
        assert len(load.answers) > 100


def test_a_bundle_that_was_changed_or_does_not_open_leaves_the_champion_serving(two_versions):
    checkout = two_versions
    with serving(checkout) as (started, address):
        body = body_of(address)
        serves = httpx.post(f"{address}/v1/toy/predict", json=body).json()["version"]
        other = 1 if serves == "2" else 2
        bundle = find.found(checkout.root, "toy", str(other)).bundle
        with (bundle / INDEX).open("a", encoding="utf-8") as file:
            file.write("\n")  # it is read as it was: only its digest is another one
        with Load(f"{address}/v1/toy/predict", body) as load:
            promote(checkout, other)
            until(lambda: figure(address, "casebook_swap_trouble") == 1, "the trouble of a changed file")
            until(lambda: f"missing or changed: {ARTIFACTS}/{BUNDLE}/{INDEX}" in started.said, "what is changed")
            (graph, *_) = bundle.glob("*.onnx")
            graph.write_bytes(b"broken")
            register_anew(bundle, graph.name)
            until(lambda: f"goes on serving: {graph}" in started.said, "the trouble of a broken graph")
            count = len(load.answers)
            until(lambda: len(load.answers) > count + 20, "answers beside a bundle that does not open")
        assert (load.failed, load.versions) == ([], [serves])
        assert f"version {serves} goes on serving" in started.said


def register_anew(bundle: Path, name: str) -> None:
    """As if the bundle had been made, and registered, with this file as it is."""
    index, registered = bundle / INDEX, bundle.parents[1] / FILES
    made = read_json(index)
    write_json(index, {**made, "files": {**made["files"], name: file_digest(bundle / name)}})
    digests = {f"{ARTIFACTS}/{BUNDLE}/{one}": file_digest(bundle / one) for one in (INDEX, name)}
    write_json(registered, read_json(registered) | digests)


def test_a_worker_that_is_killed_is_replaced_while_the_other_answers(finished):
    with serving(finished, "--workers", "2") as (started, address):
        first, second = spawned(started.process.pid)
        with Load(f"{address}/v1/toy/predict", body_of(address)) as load:
            until(lambda: len(load.answers) > 20, "answers", 120)
            os.kill(first.pid, signal.SIGKILL)
            count = len(load.answers)
            until(lambda: len(load.answers) > count + 50, "answers after a worker was killed", 120)
            until(lambda: len(spawned(started.process.pid)) == 2, "another worker", 120)
            os.kill(second.pid, signal.SIGKILL)
            count = len(load.answers)
            until(lambda: len(load.answers) > count + 50, "answers of the worker that came in its place", 120)
            until(lambda: figure(address, "casebook_waiting_rows") == 0, "figures without those of the dead", 120)
            count = len(load.answers)
            assert figure(address, "casebook_requests_total") >= count  # what the dead have counted stays
            killed = list(load.failed)
            end(started, address)
            load.stop()
        assert load.failed == killed  # the end of both fails no request
        assert len(killed) <= 2 * 4, killed  # of each client the request that the worker had
        assert not [one for one in killed if one[0].isdigit()], killed  # connections, and no answers
        assert started.process.wait(120) == 0, started.said


def test_what_has_begun_as_the_server_is_told_to_end_is_answered_whole(finished):
    with serving(finished) as (started, address):
        row = json.dumps(body_of(address)["rows"][0]).encode() + b"\n"

        def rows() -> Iterator[bytes]:
            for turn in range(12):
                if turn == 2:
                    started.process.send_signal(signal.SIGTERM)
                yield row * 100
                time.sleep(0.5)  # in all well beyond the moment after which no new connection is taken

        kind = {"content-type": "application/x-ndjson"}
        found = httpx.post(f"{address}/v1/toy/predict", content=rows(), headers=kind, timeout=60)
        lines = [json.loads(line) for line in found.text.splitlines()]
        assert (len(lines), {"score" in one for one in lines}) == (1200, {True})
        with pytest.raises(httpx.ConnectError):
            httpx.get(f"{address}/v2/health/live")
        assert started.process.wait(60) == 0, started.said


@pytest.fixture
def small_disk(finished: Checkout) -> Iterator[Path]:
    """A disk of its own under the log of predictions, with less room than one file takes."""
    folder = finished.root / "state" / "predictions"
    folder.mkdir(parents=True, exist_ok=True)
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4k", "casebook", folder], check=False, capture_output=True
    )
    if made.returncode:
        pytest.skip("only root can mount a disk here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


def test_a_disk_that_is_full_costs_no_answer_and_is_written_to_when_there_is_room(small_disk, finished):
    with serving(finished) as (started, address):
        body = body_of(address)
        with Load(f"{address}/v1/toy/predict", body) as load:
            until(lambda: figure(address, "casebook_log_failures_total") >= 1, "a file of the log that fails")
            count = len(load.answers)
            until(lambda: len(load.answers) > count + 20, "answers while the disk is full")
            assert not list(small_disk.glob("toy/*.parquet"))
            assert "No space left on device" in started.said
            subprocess.run(["mount", "-o", "remount,size=16m", small_disk], check=True)
            until(lambda: list(small_disk.glob("toy/*.parquet")), "a file of the log once there is room")
        assert load.failed == []


def test_a_log_that_cannot_be_written_costs_no_answer(finished):
    with serving(finished) as (started, address):
        psutil.Process(started.process.pid).rlimit(psutil.RLIMIT_FSIZE, (1, 1))
        body = body_of(address)
        assert httpx.post(f"{address}/v1/toy/predict", json=body).status_code == 200
        until(lambda: figure(address, "casebook_log_failures_total") >= 1, "a file of the log that fails")
        assert httpx.post(f"{address}/v1/toy/predict", json=body).status_code == 200
        folder = finished.root / "state" / "predictions" / "toy"
        assert not list(folder.glob("*.parquet"))


def test_a_port_that_is_taken_and_a_case_that_is_none_are_one_message(finished):
    with serving(finished) as (_, address):
        port = address.rpartition(":")[2]
        ended = finished.run("python", "-m", "pipelines.cli", "serve", "toy", "--port", port)
        assert ended.code == 1
        assert "Traceback" not in ended.said
        assert port in ended.said
    ended = finished.run("python", "-m", "pipelines.cli", "serve", "nobody")
    assert ended.code == 1
    assert "no case 'nobody'" in ended.said
    ended = finished.run("python", "-m", "pipelines.cli", "serve", "toy", "--host", "::", CASEBOOK_TOKEN="")
    assert ended.code == 1
    assert "CASEBOOK_TOKEN" in ended.said


IMPORTED = """
import atexit, os, sys
names = lambda: " ".join({name.partition(".")[0] for name in sys.modules})
atexit.register(lambda: open(os.environ["IMPORTED"], "w").write(names()))
"""


def test_what_drifts_over_http_is_found_by_monitor_and_nothing_heavy_is_loaded(finished, tmp_path):
    (tmp_path / "sitecustomize.py").write_text(IMPORTED, encoding="utf-8")
    assert finished.run("python", "-m", "pipelines.cli", "list").code == 0  # it writes the artifacts' new addresses
    variables = {"PYTHONPATH": str(tmp_path), "IMPORTED": str(tmp_path / "imported")}
    rows = json.loads(drifted(pd.read_csv(finished.root / ROWS)).to_json(orient="records"))
    with serving(finished, **variables) as (started, address):
        for start in range(0, len(rows), 200):
            found = httpx.post(f"{address}/v1/toy/predict", json={"rows": rows[start : start + 200]}, timeout=60)
            assert found.status_code == 200, found.text
        started.process.send_signal(signal.SIGTERM)
        assert started.process.wait(40) == 0, started.said
    imported = set((tmp_path / "imported").read_text(encoding="utf-8").split())
    assert "onnxruntime" in imported
    assert sorted(imported & {"torch", "lightning", "mlflow", "sklearn", "lightgbm"}) == []
    params = finished.params()
    params["operate"]["monitor"]["rows"] = {"kind": "log", "days": 1}
    finished.write_params(params)
    ended = finished.run("python", "-m", "pipelines.cli", "monitor", "toy", "--no-retrain", "--json")
    assert ended.code == 0, ended.said
    figures = finished.json("reports/toy/monitoring/monitoring.json")
    assert {one["name"] for one in figures["columns"] if one["drifted"]} >= {"Income", "Amount", "Job"}

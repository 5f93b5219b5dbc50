"""A candidate tried beside the champion by `casebook serve`: what happens to requests while it comes, dies and goes."""

import os
import signal

import httpx
import psutil
import pytest
from typer.testing import CliRunner

from pipelines.cli import app
from tests.pipelines.serving import Load, body_of, end, figure, promote, serving, spawned, until


@pytest.mark.slow
def test_a_canary_and_a_shadow_cost_no_request_whatever_becomes_of_them(two_versions):
    promote(two_versions, 1)
    with serving(two_versions, "--shadow", "candidate", "--canary", "50") as (started, address):
        path, body = f"{address}/v1/toy/predict", body_of(address)
        asked = lambda: [  # noqa: E731
            httpx.post(path, json={**body, "request_id": f"{turn}"}).json()["version"] for turn in range(30)
        ]
        versions = asked()
        assert set(versions) == {"1", "2"}
        assert asked() == versions
        until(lambda: figure(address, 'casebook_beside_version{case="toy",role="shadow"}') == 2, "a shadow", 600)
        asked()
        seen = lambda: figure(address, "casebook_shadow_rows_total")  # noqa: E731
        until(lambda: seen() >= versions.count("1"), "what the shadow says", 300)
        champions = {"rows": body["rows"] * 16, "request_id": f"{versions.index('1')}"}  # the shadow is not asked else
        with Load(path, {**body, **champions}) as load:
            (shadow,) = spawned(started.process.pid)
            os.kill(shadow.pid, signal.SIGSTOP)  # it lives, and answers nothing
            dropped = figure(address, "casebook_shadow_dropped_rows_total")
            until(lambda: figure(address, "casebook_shadow_dropped_rows_total") > dropped, "rows with no room", 120)
            assert load.failed == []
            os.kill(shadow.pid, signal.SIGKILL)
            count = len(load.answers)
            until(lambda: len(load.answers) > count + 20, "answers after the shadow was killed")
            until(lambda: spawned(started.process.pid), "another shadow", 300)
            promote(two_versions, 2)
            until(lambda: figure(address, 'casebook_beside_version{case="toy",role="canary"}') == 0, "no canary")
            until(lambda: figure(address, "casebook_swaps_total") == 1, "the candidate's promotion")
            children = psutil.Process(started.process.pid).children(recursive=True)
            end(started, address)
            load.stop()
        assert started.process.wait(60) == 0, started.said
        assert load.failed == []
        until(lambda: not any(one.is_running() for one in children), "the end of all its processes")
    logs = two_versions.root / "state" / "predictions" / "toy"
    assert all(list(logs.glob(f"{folder}/*.parquet")) for folder in (".", "shadow", "canary"))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--shadow", "2", "--version", "1"], "--shadow tries a version beside the champion"),
        (["--canary", "5", "--version", "1"], "--canary tries a version beside the champion"),
        (["--shadow", "champion"], "--shadow takes candidate or a version's number"),
        (["--canary", "0"], "--canary"),
    ],
)
def test_what_cannot_be_tried_beside_the_champion_is_refused(options, said, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    refused = CliRunner().invoke(app, ["serve", "finance_risk", *options])
    assert refused.exit_code == 2
    assert said in " ".join(refused.output.split())

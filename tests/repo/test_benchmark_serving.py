"""What `benchmarks.serving` asks and reckons, and its clients over a real socket; nothing is timed here."""

import asyncio
import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from benchmarks.served.load import FailedError, Order, run
from benchmarks.served.measured import OURS, Cost, ratio
from benchmarks.served.questions import check_alike, of_frames, typical
from benchmarks.served.ways import FRAMES, model_by_frames
from benchmarks.serving import BY_FRAMES, MLFLOW, Table
from components.core.errors import CasebookError
from tests.conftest import Fitted

ROOT = Path(__file__).resolve().parents[2]


@contextmanager
def answering(statuses: list[int]) -> Iterator[tuple[int, list[bytes]]]:
    """A server that gives the statuses in turn, then 200; its port, and the bodies that it was sent."""
    bodies: list[bytes] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(statuses.pop(0) if statuses else 200)
            self.send_header("Content-Length", "4")
            self.end_headers()
            self.wfile.write(b"told")

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    try:
        yield server.server_address[1], bodies
    finally:
        server.shutdown()
        server.server_close()


def test_clients_ask_in_turn_each_over_a_connection_of_its_own_and_come_again_when_sent_away() -> None:
    with answering([429]) as (port, bodies):
        found = asyncio.run(run(Order(port, "/predict", [b"one", b"other"], 2, 0.0)))
    assert sorted(bodies) in ([b"one", b"one", b"other"], [b"one", b"other", b"other"])
    assert (len(found.took), found.away) == (2, 1)
    assert found.wall >= 1.0


def test_an_answer_that_is_none_ends_the_benchmark_with_its_words() -> None:
    with answering([500]) as (port, _), pytest.raises(FailedError, match="told"):
        asyncio.run(run(Order(port, "/predict", [b"one"], 1, 0.0)))


def test_rows_of_two_classes_are_asked_one_by_one_and_by_the_hundred() -> None:
    rows = [{"a": number} for number in range(250)]
    one, other, many, plain = of_frames(rows, [number % 2 == 1 for number in range(250)])
    assert [asked[0]["a"] for asked in one.rows] == list(range(0, 32, 2))
    assert [asked[0]["a"] for asked in other.rows] == list(range(1, 33, 2))
    assert [len(asked) for asked in many.rows] == [100, 100]
    assert json.loads(plain.bodies(ours=True)[0]) == {"rows": rows[:100], "explain": "never"}
    assert json.loads(plain.bodies(ours=False)[1]) == {"dataframe_records": rows[100:200]}


def test_a_user_is_asked_by_name_and_other_recipes_by_the_rows_of_their_example(tmp_path: Path) -> None:
    split = {"columns": ["user_id", "item"], "data": [["7", 1.0], ["7", 2.0], ["9", 1.0]]}
    (tmp_path / "serving_input_example.json").write_text(json.dumps({"dataframe_split": split}), encoding="utf-8")
    users = typical("next_item", tmp_path)
    assert list(users.rows) == [[{"user": "7"}], [{"user": "9"}]]
    assert list(users.records) == [[{"user_id": "7"}], [{"user_id": "9"}]]
    assert typical("regression", tmp_path).rows[1] == [{"user_id": "7", "item": 2.0}]


def test_servers_that_answer_otherwise_are_told() -> None:
    check_alike("toy", [{"score": 0.1, "reasons": [{"adds": 1}]}], [{"score": 0.1 + 1e-9, "reasons": ["a"]}])
    for other in ([{"score": 0.11}], [{"decision": "x"}], []):
        with pytest.raises(CasebookError, match="toy: "):
            check_alike("toy", [{"score": 0.1}], other)


def test_a_row_of_the_table_has_medians_and_the_median_of_the_rounds_ratios() -> None:
    def cost(*cpu: float) -> Cost:
        return Cost(list(cpu), [10.0] * 3, [1.0] * 3, [2.0] * 3)

    costs = {("one row", 1, name): found for name, found in {OURS: cost(1, 2, 4), MLFLOW: cost(3, 8, 8)}.items()}
    assert ratio(costs, "one row", 1, MLFLOW) == 3
    table = Table()
    table.add("toy", costs)
    table.weigh("toy", "MiB resident", {OURS: 100.0, MLFLOW: 250.0, BY_FRAMES: 400.0}, 0.5)
    assert table.rows[0][:7] == ["toy: one row", 1, 2, 8, None, 3, None]
    assert table.rows[1][2:7] == [100.0, 250.0, 400.0, 2.5, 4.0]
    assert [limit.met for limit in table.limits] == [True]


@pytest.mark.slow
def test_a_bundle_is_registered_as_it_was_before_answers_were_arrays(fitted: Fitted) -> None:
    known = subprocess.run(["git", "cat-file", "-e", FRAMES], cwd=ROOT, capture_output=True, check=False)
    if known.returncode:
        pytest.skip("no whole clone")
    rows = json.loads(fitted.recipe.serving.example(fitted.job).to_json(orient="records"))
    with model_by_frames(fitted.bundle, rows) as model:
        code = model / "code" / "components" / "recipes" / "binary" / "serving" / "predictor.py"
        assert "DataFrame" in code.read_text(encoding="utf-8")
        assert (model / "MLmodel").is_file()
        assert typical("binary", model).records
    listed = subprocess.run(
        ["git", "worktree", "list", "--porcelain"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert FRAMES not in listed.stdout

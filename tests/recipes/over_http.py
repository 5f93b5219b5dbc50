"""Strange inputs over HTTP: each is answered as by `casebook predict`, or told at its place, and hurts no other."""

import itertools
import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

import httpx
import pandas as pd
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from components.recipes.shared.asking import ask
from tests.recipes.asked import as_read

TEXTS = (
    "", " ", "\t7\n", "NA", "nan", "NULL", "-", "?", "1,5", "1.000", "1.000,5", "€ 5", "5%", "1e3", "1e400", "-1e308",
    "0x10", "١٢", "１２", "½", "∞", "-5", "1e9", "\u202e12", "x\x00y", "x" * 300, "01234", "True", "yes", "2024-02-31",
    "31.02.2024", "2024-01-01T00:00:00Z", "=1+1", "'; DROP TABLE x", "<b>&amp;", "北京", "e\u0301", " other ",
    "\ufeff1",
)  # fmt: skip
JSONS: tuple[Any, ...] = (True, False, -5, 0, 0.1, 1e300, 10**18, [], [1], {}, {"a": 1})
ROWS: tuple[Any, ...] = (3, None, True, "a row", [], {}, [{}], {"": 1}, {"no such column": "x"}, {"a": {"b": [1]}})
MOST = 300  # rows of one request
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)


def strange_texts(row: Mapping[str, Any], columns: Sequence[str]) -> list[dict[str, Any]]:
    """The row with one strange text at a time: each of the texts, and each column, as often as fits."""
    turned = [[*columns[turn:], *columns[:turn]] for turn in range(len(columns))]
    pairs = [pair for names in turned for pair in zip(itertools.cycle(names), TEXTS, strict=False)]
    return [{**row, name: text} for name, text in pairs[:MOST]]


def answered_as_by_predict(client: httpx.Client, case: str, predictor: Any, rows: Sequence[Mapping[str, Any]]) -> None:
    """All rows as `casebook predict` has them, and over HTTP: strange cells accepted, told, and refused."""
    wanted = as_read(pd.DataFrame(ask(predictor, case, rows, {"accept_strange": True})).drop(columns="row"))
    body = {"dataframe_records": list(rows)}
    accepted = client.post(f"/v1/{case}/invocations", json={**body, "params": {"accept_strange": True}}).json()
    found = pd.DataFrame(accepted["predictions"])
    pd.testing.assert_frame_equal(as_read(found), wanted, rtol=1e-9, check_dtype=False)
    text = "\n".join(map(json.dumps, rows))
    kind = {"content-type": "application/x-ndjson"}
    told = {}
    for strict in ("true", "false"):
        lines = client.post(f"/v1/{case}/predict?strict={strict}&explain=never", content=text, headers=kind).text
        told[strict] = [json.loads(line) for line in lines.splitlines()]
        assert len(told[strict]) == len(rows)
    warned = found["warnings"].map(bool).tolist()
    assert ["error" in one for one in told["true"]] == warned
    assert {"error" in one for one in told["false"]} == {True, False}
    for one, warns, whole in zip(told["false"], warned, accepted["predictions"], strict=True):
        if "error" in one:
            assert warns
            assert len(one["detail"]) == 1
        else:
            assert {**one, "reasons": []} == {**whole, "reasons": []}


def told_at_their_place(client: httpx.Client, case: str, example: Mapping[str, Any]) -> None:
    """What nobody means, beside a row that is one: 422 at its place, or an answer to it; the other is not hurt."""
    alone = client.post(f"/v1/{case}/predict", json={"rows": [example]}).json()["rows"][0]
    cells = [{**example, name: cell} for name in list(example)[:3] for cell in JSONS]
    for row in (*ROWS, *cells):
        tell_or_answer(client, case, [row, example], alone)

    @settings(
        max_examples=30, derandomize=True, database=None, deadline=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(st.sampled_from(sorted(example)), ANYTHING)
    def anything(name: str, cell: Any) -> None:
        tell_or_answer(client, case, [{**example, name: cell}, example], alone)

    anything()


def tell_or_answer(client: httpx.Client, case: str, rows: list[Any], alone: Mapping[str, Any]) -> None:
    found = client.post(f"/v1/{case}/predict", json={"rows": rows})
    content = found.json()
    if found.status_code == 422:
        assert content["error"]
        assert {tuple(one["loc"][:2]) for one in content["detail"]} == {("rows", 0)}
        assert len(found.content) < 5_000
        return
    assert found.status_code == 200, content
    assert alike(content["rows"][1], alone), (content["rows"][1], alone)


def alike(one: Any, other: Any) -> bool:
    """Two answers: of rows that are answered together numbers differ in the last digits of a float of 32 bits."""
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=1e-4, abs_tol=1e-6)
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(alike(one[name], other[name]) for name in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(alike, one, other))
    return bool(one == other)

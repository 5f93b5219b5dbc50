"""Typed pinyin over HTTP, by `POST /translate` and the other ways: as `casebook predict` answers it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import orjson
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.core.job import AnyJob
from components.monitoring.log import log_folder
from components.recipes.conversion.http import KEPT, LONGEST, NAMED, ConversionService, open_service
from components.recipes.conversion.online.wishes import MOST_BEST, MOST_WORDS
from components.recipes.conversion.predict import predict_file
from components.recipes.conversion.serving.predictor import open_predictor
from components.recipes.conversion.watch import said
from components.serving.service import Options
from tests.components.recipes.conversion.serving.test_anything import TYPED
from tests.components.recipes.conversion.serving.tiny import write_tiny
from tests.components.serving.served import served, shown_and_sent
from tests.examples import examples
from tests.toy.jobs import toy_job

CASE = "pinyin_hanzi"
PREDICT = f"/v1/{CASE}/predict"
# What people type, well and ill.
LINES = [
    "ni hao ma", "", "   ", "Zhongguo, 中国!", "😀", "ni3hao3 2026", "xian guole", "xi1 an1", "ma1 hao1 le2", "qqq",
    "ni\u200bhao\u00ad", "nǐ HǍO", "a\u0304\u0304", "ｎｉ３", "\u202eni hao", "hao3r5", "the cat and an an",
    "n\thao \"ma\"",
    "guo'le", "zh g", "nihaoma zhongguole " * 20, "nu:", "xixnguole",
]  # fmt: skip
MINE = ["ni hao, 泥好, 1000000", "zhong\t忠\t900000"]


@dataclass(frozen=True)
class Served:
    client: httpx.Client
    job: AnyJob
    bundle: Path

    def translate(self, **body: Any) -> list[dict[str, Any]]:
        found = self.client.post("/translate", json=body)
        assert found.status_code == 200, found.text
        rows: list[dict[str, Any]] = found.json()["rows"]
        return rows

    def wrong(self, path: str = "/translate", **body: Any) -> list[dict[str, Any]]:
        found = self.client.post(path, json=body)
        assert found.status_code == 422, found.text
        detail: list[dict[str, Any]] = found.json()["detail"]
        return detail


@pytest.fixture(scope="module")
def pinyin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    root = tmp_path_factory.mktemp("checkout")
    bundle = write_tiny(root / "bundle", {"search.beam": {"width": 6, "behind": 20.0, "order": 3}})
    job = toy_job(CASE, root)
    with served(job, bundle) as (client, _):
        yield Served(client, job, bundle)


def test_the_command_of_the_docs_is_answered(pinyin: Served) -> None:
    (found,) = shown_and_sent(pinyin.client, "/translate")
    assert [len(row["text"]) for row in found["rows"]][1:] == [2]
    assert {"text", "score", "best", "illegal", "warnings"} <= set(found["rows"][0])


@pytest.fixture(scope="module")
def service(pinyin: Served) -> ConversionService:
    return open_service(pinyin.bundle, None, None)


@pytest.mark.parametrize(
    "wishes",
    [
        {},
        {"n_best": 3},
        {"abbreviations": True, "n_best": 2},
        {"fuzzy": "z/zh,an/ang,n/l", "typos": True},
        {"context": True, "n_best": 4},
        {"words": MINE, "n_best": 2},
        {"words": MINE, "context": True, "abbreviations": True},
    ],
    ids=str,
)
def test_lines_are_answered_as_predict_answers_a_file_of_them(pinyin, tmp_path, wishes):
    source, target, options = tmp_path / "in.txt", tmp_path / "out.parquet", dict(wishes)
    lines = LINES * (3 if "context" in wishes else 1)  # the server computes 64 at a time
    source.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    if "words" in wishes:
        options["words"] = tmp_path / "words.txt"
        options["words"].write_text("\n".join(MINE), encoding="utf-8")
    predict_file(pinyin.bundle, source, target, options)
    wanted = pd.read_parquet(target)
    found = pinyin.translate(text=lines, **wishes)
    listed = pd.DataFrame([{"line": line, **one} for line, row in enumerate(found, 1) for one in row["best"]])
    pd.testing.assert_frame_equal(listed, wanted, rtol=0, atol=1e-9, check_dtype=False)
    assert [(row["text"], row["score"]) for row in found] == [
        (row["best"][0]["text"], row["best"][0]["score"]) for row in found
    ]


def test_the_columns_are_those_of_a_frame(pinyin):
    """As MLflow's server answers them, whatever way is asked."""
    wanted = open_predictor(pinyin.bundle).predict(pd.DataFrame({"pinyin": LINES}))
    short = pd.DataFrame(pinyin.translate(text=LINES))
    rows = [{"pinyin": line} for line in LINES]
    named = pd.DataFrame(pinyin.client.post(PREDICT, json={"rows": rows}).json()["rows"])
    lines = pinyin.client.post(
        PREDICT, content="\n".join(map(json.dumps, rows)), headers={"content-type": "application/x-ndjson"}
    ).text.splitlines()
    for found in (short, named, pd.DataFrame(map(json.loads, lines))):
        pd.testing.assert_frame_equal(found[list(wanted.columns)], wanted, rtol=0, atol=1e-9)
    for body in ({"dataframe_records": rows}, {"inputs": LINES}):
        answered = pd.DataFrame(pinyin.client.post("/invocations", json=body).json()["predictions"])
        pd.testing.assert_frame_equal(answered, wanted, rtol=0, atol=1e-9)
    (one,) = pinyin.client.post("/invocations", json={"inputs": ["ni hao"], "params": {"n_best": 2}}).json()[
        "predictions"
    ]
    assert [each["rank"] for each in one["best"]] == [1, 2]


def test_one_text_is_one_row_and_what_is_asked_is_named(pinyin):
    found = pinyin.client.post("/translate", json={"text": "ni hao", "request_id": "a-7", "case": CASE}).json()
    assert (found["case"], found["version"], found["request_id"]) == (CASE, "1", "a-7")
    assert [row["text"] for row in found["rows"]] == ["你好"]
    assert pinyin.translate(text=[]) == []
    unserved = pinyin.client.post("/translate", json={"text": "ni hao", "case": "no_such_case"})
    assert unserved.status_code == 404
    assert unserved.json()["detail"][0]["loc"] == ["case"]


@pytest.mark.parametrize(
    ("body", "loc"),
    [
        ({}, ["text"]),
        ({"text": 7}, ["rows", 0, "pinyin"]),
        ({"text": ["ni", None]}, ["rows", 1, "pinyin"]),
        ({"text": {"pinyin": "ni"}}, ["rows", 0, "pinyin"]),
        ({"text": "a" * (LONGEST + 1)}, ["rows", 0, "pinyin"]),
        ({"text": "ni", "rows": []}, None),
        ({"text": "ni", "n_best": 0}, ["n_best"]),
        ({"text": "ni", "n_best": True}, ["n_best"]),
        ({"text": "ni", "n_best": MOST_BEST + 1}, ["n_best"]),
        ({"text": "ni", "n_best": 1e300}, ["n_best"]),
        ({"text": "ni", "typos": "yes"}, ["typos"]),
        ({"text": "ni", "context": 1}, ["context"]),
        ({"text": "ni", "fuzzy": "z"}, ["fuzzy"]),
        ({"text": "ni", "fuzzy": ["z/zh"]}, ["fuzzy"]),
        ({"text": "ni", "fuzzy": "z/zh," * 1000}, ["fuzzy"]),
        ({"text": "ni", "words": "/etc/passwd"}, ["words"]),
        ({"text": "ni", "words": ["ni hao, 你好", "/etc/passwd"]}, ["words", 1]),
        ({"text": "ni", "words": ["ni hao, 你好\nni hao, 泥好"]}, ["words", 0]),
        ({"text": "ni", "words": ["ni hao, 你好, -1"]}, ["words", 0]),
        ({"text": "ni", "words": ["\0\0\0\0"]}, ["words", 0]),
        ({"text": "ni", "words": [""]}, ["words", 0]),
        ({"text": "ni", "words": [7]}, ["words", 0]),
        ({"text": "ni", "words": ["ni, 你"] * (MOST_WORDS + 1)}, ["words"]),
        ({"text": "ni", "word": ["ni, 你"]}, ["word"]),
    ],
    ids=lambda one: str(one)[:60],
)
def test_what_is_wrong_is_told_where(pinyin, body, loc):
    if loc is None:  # `text` says what the rows are
        assert pinyin.translate(**body)[0]["text"] == "你"
        return
    detail = pinyin.wrong(**body)
    assert detail[0]["loc"] == loc
    assert len(str(detail)) < 1000


@pytest.mark.parametrize(
    ("row", "loc"),
    [
        ("ni hao", []),
        ({}, ["pinyin"]),
        ({"pinyin": "ni", "line": 3}, ["line"]),
        ({"pinyin": "ni", "text": 3}, ["text"]),
    ],
    ids=str,
)
def test_a_row_of_a_wrong_form_is_told_where(pinyin, row, loc):
    assert pinyin.wrong(PREDICT, rows=[{"pinyin": "ni"}, row])[0]["loc"] == ["rows", 1, *loc]


def test_what_is_no_pinyin_is_warned_of_and_refused_when_strict(pinyin):
    lines = ["ni hao", "ni xyzq hao", "ma2 hao3", "ni\u200bhao", "xyzq " * (NAMED + 5)]
    found = pinyin.translate(text=lines)
    wrong = "syllable 2: 'xyzq' is no pinyin; it is left as it is"
    assert [row["warnings"] for row in found[:2]] == [[], [wrong]]
    assert found[1]["illegal"] == wrong
    assert "has this tone" in found[2]["warnings"][0]
    assert "1 character(s) that nobody sees" in found[3]["warnings"][0]
    assert len(found[4]["warnings"]) == NAMED + 1
    assert found[4]["warnings"][-1] == "and 5 more"
    (few,) = pinyin.translate(text="ni", n_best=MOST_BEST)
    assert few["warnings"] == [f"fewer answers than the {MOST_BEST} asked for: there are no more readings"]
    detail = pinyin.wrong(text=lines[:4], strict=True)
    assert [one["loc"] for one in detail] == [["rows", 1, "pinyin"], ["rows", 2, "pinyin"]]


def test_words_and_lines_of_one_request_are_none_of_the_next(pinyin):
    plain = pinyin.translate(text="ni hao", n_best=3)
    assert pinyin.translate(text="ni hao", n_best=3, words=MINE)[0]["text"] == "泥好"
    assert pinyin.translate(text="ni hao", n_best=3) == plain
    before = pinyin.translate(text=["guo le", "ni hao"], context=True, n_best=5)
    other = pinyin.translate(text=["ni hao ma"] * 9, context=True, n_best=5)
    assert [row["score"] for row in other] != [other[0]["score"]] * 9  # it does remember
    assert pinyin.translate(text=["guo le", "ni hao"], context=True, n_best=5) == before


def test_requests_with_context_are_never_answered_together(service):
    keys = [Options(more=service.options(given)).key for given in ({"context": True}, {"context": True}, {}, {})]
    assert keys[0] != keys[1]
    assert keys[2] == keys[3]
    wished = {"words": MINE, "fuzzy": "z/zh", "n_best": 2}
    assert Options(more=service.options(wished)).key == Options(more=service.options(dict(wished))).key
    assert service.options({"words": [], "context": False, "typos": None}) == {}


def test_lines_before_are_not_asked_of_a_stream_between_whose_parts_others_are_answered(pinyin):
    for kind, body in (("application/x-ndjson", '{"pinyin": "ni hao"}\n'), ("text/csv", "pinyin\nni hao\n")):
        headers = {"content-type": kind}
        assert pinyin.client.post(f"{PREDICT}?context=false", content=body, headers=headers).status_code == 200
        refused = pinyin.client.post(f"{PREDICT}?context=true", content=body, headers=headers)
        assert refused.status_code == 422
        (detail,) = refused.json()["detail"]
        assert (detail["loc"], "one body of JSON" in detail["msg"]) == (["context"], True)
    named = pinyin.client.post(f"{PREDICT}?context=true", json={"rows": [{"pinyin": "ni hao"}]})
    assert named.status_code == 200


def test_only_so_many_wishes_are_kept(service):
    def best(weight: int) -> float:
        options = Options(more=service.options({"words": [f"ni hao, 泥好, {weight}"]}))
        return float(service.answer([{"pinyin": "ni hao"}], options)[0].values["score"])

    first = [best(weight) for weight in range(1, KEPT + 3)]
    assert len(set(first)) == len(first)
    assert [best(weight) for weight in range(1, KEPT + 3)] == first


@settings(deadline=None, max_examples=examples(25))
@given(st.lists(TYPED | st.text(max_size=30), max_size=4), st.integers(1, 4))
def test_any_text_is_answered_as_by_predict(pinyin, service, lines, n_best):
    rows = orjson.loads(orjson.dumps([{"pinyin": line} for line in lines]))
    assert not any(one for row in rows for one in service.check(row))
    found = service.answer(rows, Options(more=service.options({"n_best": n_best})))
    expected = open_predictor(pinyin.bundle).convert(lines, n_best)
    assert [[(one["text"], one["score"]) for one in each.values["best"]] for each in found] == [
        list(one.alternatives) for one in expected
    ]
    orjson.dumps([one.values for one in found])


def test_rows_are_logged_with_the_scores_that_monitoring_compares(pinyin, tmp_path):
    lines = [line for line in LINES if line.strip()]
    job = toy_job(CASE, tmp_path)
    with served(job, pinyin.bundle) as (client, _):
        for body in ({"text": LINES}, {"text": lines, "fuzzy": "z/zh"}, {"text": lines, "log": False}):
            assert client.post("/translate", json=body).status_code == 200
    kept = pd.concat(map(pd.read_parquet, sorted(log_folder(tmp_path, CASE).rglob("*.parquet"))))
    assert kept["pinyin"].tolist() == [*lines, *lines]
    (column,) = [name for name in kept if name.endswith("score of a syllable")]
    expected = said(job, pinyin.bundle, pd.DataFrame({"pinyin": lines}))["score of a syllable"]
    np.testing.assert_allclose(kept[column][: len(lines)], expected, rtol=0, atol=1e-9)
    assert kept[column][len(lines) :].isna().all()  # other readings than those of which training's scores are


def test_the_schema_has_an_example_that_is_answered(pinyin):
    told = pinyin.client.get(f"/v1/{CASE}/schema").json()
    (example,) = told["row"]["examples"]
    (row,) = pinyin.client.post(PREDICT, json={"rows": [example]}).json()["rows"]
    assert row["warnings"] == []
    assert told["recipe"] == "conversion"
    assert told["about"]["n_best"] == 3

"""The index and the short list beside scoring every item, on a catalogue of a few thousand."""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from components.core.bundle import read_bundle, write_bundle
from components.recipes.next_item.serving.index import IndexSettings, ItemIndex
from components.recipes.next_item.serving.predictor import RankingPredictor, open_predictor
from components.recipes.next_item.serving.vectors import vectors_bytes, vectors_table
from tests.components.recipes.next_item.serving.tiny import MEMBERS, parquet, write_tiny

ITEMS, SIZE = 4000, 2
SETTINGS = IndexSettings(threshold=1, cells=64, probes=16, candidates=100, sample=500, seed=0)


def large_bundle(folder: Path, link: str, **index: int) -> Path:
    """The tiny bundle with 4,000 items at random; each has five neighbours."""
    members = [{**MEMBERS[0], "link": link}, MEMBERS[1]]
    settings = {**SETTINGS.model_dump(), **index}
    source = read_bundle(write_tiny(folder.with_name("small"), members=members, index=settings), threads=1)
    random = np.random.default_rng(5)
    vectors, bias = random.normal(size=(ITEMS, SIZE)).astype(np.float32), random.normal(size=ITEMS).astype(np.float32)
    near = {
        "row": np.repeat(np.arange(ITEMS), 5).astype(np.int32),
        "column": np.concatenate([random.choice(ITEMS, 5, replace=False) for _ in range(ITEMS)]).astype(np.int32),
        "value": random.random(5 * ITEMS).astype(np.float32),
    }
    items = {"id": [str(item) for item in range(ITEMS)], "title": pa.nulls(ITEMS, pa.string()), "count": [1] * ITEMS}
    others = {
        "items.parquet": parquet(pa.table(items)),
        "ease.parquet": parquet(pa.table(near)),
        "item_vectors.parquet": vectors_bytes(vectors_table(vectors, bias, int8=False)),
    }
    write_bundle(folder, source.manifest, {**source.contents(), **others})
    return folder


def asking(users: int) -> pd.DataFrame:
    random = np.random.default_rng(6)
    rows = [(user, item, place) for user in range(users) for place, item in enumerate(random.choice(ITEMS, 8))]
    return pd.DataFrame(rows, columns=["user_id", "item_id", "timestamp"]).assign(
        user_id=lambda rows: rows.user_id + 50
    )


@pytest.fixture(scope="module", params=["identity", "softmax"])
def both(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[RankingPredictor, RankingPredictor]:
    """The same bundle with an index and without."""
    folder = tmp_path_factory.mktemp(request.param)
    exact = large_bundle(folder / "exact", request.param, threshold=ITEMS + 1)
    return open_predictor(large_bundle(folder / "indexed", request.param)), open_predictor(exact)


def test_the_short_list_answers_nearly_as_scoring_every_item_does(
    both: tuple[RankingPredictor, RankingPredictor],
) -> None:
    indexed, exact = both
    assert indexed.index is not None
    assert exact.index is None
    found, truth = (one.recommend(asking(40), top=10) for one in both)
    pairs = [set(zip(answer["user"], answer["item"], strict=True)) for answer in (found, truth)]
    assert len(pairs[0] & pairs[1]) >= 0.95 * 400
    merged = found.merge(truth, on=["user", "item"])
    assert np.corrcoef(merged["score_x"], merged["score_y"])[0, 1] > 0.98


def test_what_was_seen_or_denied_is_not_on_the_short_list(both: tuple[RankingPredictor, RankingPredictor]) -> None:
    indexed, _ = both
    rows = asking(20)
    first = indexed.recommend(rows, top=10)
    denied = first.loc[first["rank"] == 1, "item"].unique().tolist()
    answer = indexed.recommend(rows, top=10, deny=denied)
    assert set(denied).isdisjoint(answer["item"])
    seen = rows.astype(str).rename(columns={"user_id": "user", "item_id": "item"})
    assert answer.merge(seen, on=["user", "item"]).empty
    assert (answer.groupby("user").size() == 10).all()


def test_a_list_too_short_for_what_is_asked_is_made_item_by_item(
    both: tuple[RankingPredictor, RankingPredictor],
) -> None:
    found, truth = (one.recommend(asking(2), top=1000) for one in both)
    pd.testing.assert_frame_equal(found, truth)


def test_an_allow_list_is_scored_item_by_item(both: tuple[RankingPredictor, RankingPredictor]) -> None:
    found, truth = (one.recommend(asking(5), top=3, allow=range(30)) for one in both)
    pd.testing.assert_frame_equal(found, truth)


def test_users_without_a_history_are_answered_by_popularity(both: tuple[RankingPredictor, RankingPredictor]) -> None:
    answer = both[0].recommend(pd.DataFrame({"user_id": ["nobody"]}), top=3)
    assert answer["item"].tolist() == ["0", "1", "2"]  # all equal: in the order of the catalogue


def test_the_index_finds_the_largest_products_with_their_bias() -> None:
    random = np.random.default_rng(8)
    vectors, bias = random.normal(size=(ITEMS, 16)).astype(np.float32), 2 * random.normal(size=ITEMS).astype(np.float32)
    queries = random.normal(size=(50, 16)).astype(np.float32)
    truth = np.argsort(-(queries @ vectors.T + bias), axis=1)[:, :10]
    everywhere = ItemIndex(vectors, bias, SETTINGS.model_copy(update={"probes": 64}), threads=1)
    np.testing.assert_array_equal(everywhere.search(queries, 10), truth)
    some = ItemIndex(vectors, bias, SETTINGS, threads=1).search(queries, 10)
    again = ItemIndex(vectors, bias, SETTINGS, threads=1).search(queries, 10)
    np.testing.assert_array_equal(some, again)
    assert np.mean([len({*a} & {*b}) / 10 for a, b in zip(some.tolist(), truth.tolist(), strict=True)]) > 0.9

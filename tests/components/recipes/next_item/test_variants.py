from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from components.compression.lowrank import low_rank as nearest
from components.compression.make import make_variants
from components.core.job import BUNDLE, TEST, TRAIN, VALIDATION
from components.core.params.overrides import override
from components.recipes.next_item.encoding.histories import questions
from components.recipes.next_item.params.params import LowRankParams
from components.recipes.next_item.serving.predictor import open_predictor
from components.recipes.next_item.serving.scorers import VECTORS
from components.recipes.next_item.serving.serving import ask
from components.recipes.next_item.serving.vectors import read_vectors, vectors_bytes, vectors_table
from components.recipes.next_item.variants import low_rank
from components.recipes.shared.variants import replaced
from tests.components.recipes.next_item.conftest import CASE, Untrained

NAMES = ["fp32", "int8_dynamic", "int8_static", "low_rank"]


@pytest.fixture(scope="module")
def folders(untrained: Untrained, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    values = {"compress.variants.low_rank": {"rank": 48, "int8": True}}
    job = replace(untrained.job, params=override(untrained.job.params, values))
    return make_variants(job, untrained.recipe, untrained.folder, tmp_path_factory.mktemp("variants"))


def test_each_variant_is_a_bundle_smaller_where_it_says(untrained: Untrained, folders: Mapping[str, Path]) -> None:
    assert list(folders) == NAMES
    assert folders["fp32"] == untrained.bundle
    sizes = {
        name: {file: (folder / file).stat().st_size for file in ("learner.onnx", "item_vectors.parquet")}
        for name, folder in folders.items()
    }
    whole = sizes["fp32"]
    for name in ("int8_dynamic", "int8_static"):
        assert sizes[name]["learner.onnx"] < 0.7 * whole["learner.onnx"]
        assert sizes[name]["item_vectors.parquet"] < 0.5 * whole["item_vectors.parquet"]
    assert sizes["low_rank"]["learner.onnx"] == whole["learner.onnx"]
    assert sizes["low_rank"]["item_vectors.parquet"] < whole["item_vectors.parquet"]


@pytest.mark.parametrize("name", NAMES[1:])
def test_a_variant_answers_nearly_as_the_uncompressed_model(
    untrained: Untrained, folders: Mapping[str, Path], name: str
) -> None:
    users, _ = questions(untrained.job.paths.prepared(CASE), TEST)
    first, other = open_predictor(folders["fp32"]), open_predictor(folders[name])
    asked = ask(untrained.job, first, users, (TRAIN, VALIDATION))
    truth, found = (one.member_scorers["learner"].queries(asked) for one in (first, other))  # type: ignore[attr-defined]
    assert np.corrcoef(truth.ravel(), found.ravel())[0, 1] > 0.97
    assert (truth != found).any()
    assert np.corrcoef(first.score_all(asked).ravel(), other.score_all(asked).ravel())[0, 1] > 0.97


def test_fewer_items_than_the_rank_asks_for_lose_no_fit(untrained: Untrained, tmp_path: Path) -> None:
    vectors = np.random.default_rng(0).normal(size=(5, 8)).astype(np.float32)
    contents = {VECTORS: vectors_bytes(vectors_table(vectors, np.zeros(5, np.float32), int8=False))}
    replaced(untrained.bundle, contents, tmp_path / BUNDLE)
    low_rank(untrained.job, LowRankParams(rank=6, int8=False), tmp_path, tmp_path / "smaller")
    found, _ = read_vectors(tmp_path / "smaller" / VECTORS)
    expected = nearest(vectors, 4).whole()
    assert np.linalg.matrix_rank(found) == 4
    assert found == pytest.approx(expected, abs=1e-5)

"""The recipe that a newcomer copies, part by part, and what the machinery can do beside the usual: each by a recipe."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pandas as pd
import pytest
import torch
from onnx import numpy_helper
from torch import Tensor, nn
from torch.nn.functional import mse_loss

from components.compression.make import make_variants
from components.core.blocks import Block
from components.core.bundle import read_bundle
from components.core.errors import CasebookError
from components.core.job import BUNDLE, FP32, TEST, TRAIN, VALIDATION, Job, Meta
from components.core.results import LEARNER, MODEL
from components.recipes.shared.rows import TARGET, numbers_of, read_split
from components.recipes.shared.template import variants as template_variants
from components.recipes.shared.template.recipe import RECIPE
from components.recipes.shared.template.training import NumberLearner, tensors
from components.training.fit import build
from components.training.items import ItemLoader
from components.training.scaling import InUnits, Standardised
from components.training.slices import SliceData
from components.training.start import take_weights
from pipelines.commands.options import read_options
from tests.recipes.template_job import fitted, prepared, template_job


@pytest.fixture(scope="module")
def job(tmp_path_factory: pytest.TempPathFactory) -> Job:
    return prepared(template_job(tmp_path_factory.mktemp("template")))


@pytest.fixture(scope="module")
def bundle(job: Job) -> Path:
    return fitted(job) / BUNDLE


def test_rows_that_are_no_numbers_are_set_aside_and_counted(job: Job) -> None:
    meta = Meta.read(job.paths.prepared(job.case))
    assert meta.rows == {"validation": 47, "test": 48, "train": 143, "rejected": 2}  # of 240: 238 kept, fifths of them
    parts = [read_split(job, split) for split in (TRAIN, VALIDATION, TEST)]
    rows = pd.concat(parts)["row"].tolist()
    assert sorted(rows) == sorted({*range(1, 241)} - {17, 120})  # a word for the area, and no age


def test_a_column_that_is_not_there_is_named_with_the_nearest() -> None:
    with pytest.raises(CasebookError, match=r"rows.csv: no column 'aera'; did you mean 'area'\? \(1 of 2 are not"):
        numbers_of(pd.DataFrame({"area": ["1"], "age": ["2"]}), ["aera", "age"], "rows.csv")


def test_the_network_beats_its_baseline_and_its_graph_answers_alike(
    job: Job, bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("components.core.recipe.recipes", lambda: ["shared.template"])  # no case may be of this one
    report = RECIPE.reporting.report(job, bundle.parent, bundle)
    test = next(scores.by_model for scores in report.scores if scores.split == TEST)
    assert test[MODEL]["mae"].value < 0.7 * test["ridge"]["mae"].value
    assert test[MODEL] == test[LEARNER]
    assert len(report.tables[0].rows) == 5
    answers, predictions = RECIPE.serving.answers(job, bundle, TEST), report.predictions[TEST]
    np.testing.assert_array_equal(predictions[MODEL], answers.score)
    learner, _ = build(job, RECIPE.training)
    learner.load_state_dict(torch.load(bundle.parent / "learner.pt", weights_only=True))
    assert RECIPE.assembly.network_gap(job, learner.eval(), bundle.parent) < 1e-5


def test_a_file_is_answered_row_by_row_and_a_row_without_a_number_by_none(bundle: Path, tmp_path: Path) -> None:
    source = tmp_path / "rows.csv"
    source.write_text("area,rooms,age\n80,3,20\nunknown,3,20\n", encoding="utf-8")
    assert RECIPE.predict.predict_file(bundle, source, tmp_path / "out.csv", {}) == 2
    found = pd.read_csv(tmp_path / "out.csv")
    assert list(found) == ["row", "score"]
    assert found["score"].isna().tolist() == [False, True]


def test_folds_are_the_rows_split_under_other_seeds(job: Job, tmp_path: Path) -> None:
    folds = list(RECIPE.folds.write_folds(job, tmp_path))
    assert [fold.prepare.seed for fold in folds] == [1, 2] == [fold.params.fit.seed for fold in folds]
    first, second = (set(read_split(fold, TEST)["row"]) for fold in folds)
    assert len(first) == len(second) == 48
    assert first != second


def test_monitoring_knows_the_target_of_rows_that_have_one(job: Job, bundle: Path) -> None:
    rows = pd.DataFrame({"area": ["80", "90"], "rooms": ["3", "3"], "age": ["20", "30"], "heat": ["1.5", ""]})
    seen = RECIPE.watch.observe(job, bundle, rows)
    assert seen.labelled is not None
    assert (seen.labelled.target.tolist(), len(seen.labelled.score)) == ([1.5], 1)
    assert list(seen.features) == ["area", "rooms", "age"]
    assert RECIPE.watch.observe(job, bundle, rows.drop(columns="heat")).labelled is None


def test_scaling_layers_undo_each_other() -> None:
    rows = torch.tensor([[1.0, 5.0], [3.0, 5.0]])  # means 2 and 5, deviations 1 and none
    assert Standardised(rows)(rows).tolist() == [[-1, 0], [1, 0]]
    assert InUnits(rows)(Standardised(rows)(rows)).tolist() == rows.tolist()


def test_a_case_that_starts_from_another_takes_its_weights_over(bundle: Path, tmp_path: Path) -> None:
    other = prepared(template_job(tmp_path, bundle, fit__seed=9))
    taken, _ = build(other, RECIPE.training)
    graph = onnx.load(bundle / "learner.onnx")
    weights = {one.name: numpy_helper.to_array(one) for one in graph.graph.initializer}
    for name, weight in taken.network.named_parameters():
        np.testing.assert_array_equal(weight.detach().numpy(), weights[name])
    fresh, _ = build(template_job(tmp_path, fit__seed=9), RECIPE.training)
    assert not torch.equal(taken.network[1].weight, fresh.network[1].weight)


def test_a_network_that_has_nothing_of_the_graph_is_told(bundle: Path) -> None:
    with pytest.raises(CasebookError, match=r"cases.mine.start: the graph learner.onnx of toy has none of the 2"):
        take_weights(nn.Linear(7, 5), read_bundle(bundle, threads=1), "mine")


class Pairs(NumberLearner):
    """Two optimizers that the learner steps itself: one for the first layer, one for the rest."""

    def __init__(self, network: nn.Module, params: Any) -> None:
        super().__init__(network, params)
        self.automatic_optimization = False

    def training_step(self, batch: Any, batch_idx: int) -> None:  # noqa: ARG002 - Lightning's signature
        loss = mse_loss(self.network(batch[0]), batch[1])
        for optimizer in self.optimizers():
            optimizer.zero_grad()
        self.manual_backward(loss)
        for optimizer in self.optimizers():
            optimizer.step()
        self.keep_loss(loss, len(batch[1]))

    def configure_optimizers(self) -> Any:
        layers = self.network[1], self.network[3]
        return [torch.optim.Adam(layer.parameters(), lr=self.params.lr) for layer in layers]


class Rows:
    """The training rows one by one, as files too large for memory would come."""

    def __init__(self, job: Job) -> None:
        self.tensors = tensors(job, TRAIN)

    def __len__(self) -> int:
        return len(self.tensors[0])

    def read(self, index: int, _seed: int) -> tuple[Tensor, ...]:
        return tuple(tensor[index] for tensor in self.tensors)


class ItemData(SliceData):
    def __init__(self, job: Job) -> None:
        super().__init__(tensors(job, TRAIN), tensors(job, VALIDATION), job.params.fit)
        self.rows = Rows(job)

    def train_dataloader(self) -> Any:
        params = self.params
        return ItemLoader(
            self.rows, batch_size=params.batch_size, seed=params.seed, shuffle=True, trainer=self.trainer, workers=0
        )


def ways() -> Iterator[Any]:
    usual = RECIPE.training
    pairs = replace(usual, learner=lambda job, data: Pairs(usual.learner(job, data).network, job.params.fit))
    yield pytest.param(pairs, {"fit__gradient_clip": None}, id="two optimizers")
    steps = {"fit__max_steps": 60, "fit__accumulate": 2, "fit__validate_every": 20, "fit__max_epochs": 100}
    yield pytest.param(usual, steps, id="steps, each of two batches")
    yield pytest.param(replace(usual, data=ItemData), {}, id="items that are read one by one")


@pytest.mark.parametrize(("training", "values"), list(ways()))
def test_a_recipe_may_train_otherwise(training: Any, values: dict[str, Any], tmp_path: Path) -> None:
    """And ends in a bundle that is better than what it begins with: the mean of the training rows."""
    job = prepared(template_job(tmp_path, **values))
    answers = RECIPE.serving.answers(job, fitted(job, training) / BUNDLE, TEST)
    mean = read_split(job, TRAIN)[TARGET].mean()
    assert np.abs(answers.target - answers.score).mean() < 0.5 * np.abs(answers.target - mean).mean()


class Rounded(Block):
    """A variant's own params: weights rounded to so many digits."""

    digits: int


class Options(Block):
    shift: float = 0.0


def test_a_recipe_declares_variants_and_options_of_its_own(
    job: Job, bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def rounded(_job: Job, params: Rounded, fit_folder: Path, folder: Path) -> None:
        from components.recipes.shared.variants import replaced

        model = onnx.load(fit_folder / BUNDLE / "learner.onnx")
        for one in model.graph.initializer:
            one.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(one).round(params.digits), one.name))
        replaced(fit_folder / BUNDLE, {"learner.onnx": model.SerializeToString()}, folder)

    monkeypatch.setattr(template_variants, "VARIANTS", {"rounded": rounded})
    recipe = replace(RECIPE, variants={"rounded": Rounded}, options=Options)
    asked = job.with_values({"compress.variants": {"rounded": {"digits": 1}}})
    folders = make_variants(asked, recipe, bundle.parent, tmp_path)
    assert list(folders) == [FP32, "rounded"]
    for one in onnx.load(folders["rounded"] / "learner.onnx").graph.initializer:
        weight = numpy_helper.to_array(one)
        np.testing.assert_allclose(weight, weight.round(1), atol=1e-6)
    assert read_options("toy", recipe.options, ["shift=0.5"]) == {"shift": 0.5}

"""Many rows that are learned from twice: with those of the validation, once these have chosen."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from lightning.pytorch import LightningModule

from components.compression.make import NotMadeError
from components.core.bundle import Manifest, read_bundle
from components.core.job import BUNDLE, SELECTION, WEIGHTS
from components.core.params.case import DistillParams, PruneParams
from components.kits.tables.learning.assembling import SERVING
from components.kits.tables.learning.crossfit import Terms
from components.recipes.binary.assembly import settings
from components.recipes.binary.assembly.assembly import ASSEMBLING, network_gap
from components.recipes.binary.assembly.members import fit_members, learner_graph, network_scores
from components.recipes.binary.params import BinaryJob
from components.recipes.binary.serving.predictor import open_predictor
from components.recipes.binary.training.training import TRAINING, data_of, everything
from components.recipes.binary.variants import taught
from components.recipes.shared.table_variants import TableVariants
from components.training.fit import fit
from tests.conftest import Fitted

pytestmark = pytest.mark.slow

VARIANTS = TableVariants(TRAINING, settings, network_scores, learner_graph, taught, everything)


@dataclass(frozen=True)
class Twice:
    job: BinaryJob
    learner: LightningModule
    served: LightningModule
    folder: Path


@pytest.fixture(scope="module")
def twice(fitted: Fitted, tmp_path_factory: pytest.TempPathFactory) -> Twice:
    job, folder = fitted.job, tmp_path_factory.mktemp("twice")
    learner, _ = fit(job, TRAINING, state=folder / "state")
    torch.save(learner.state_dict(), folder / WEIGHTS)
    served = replace(ASSEMBLING, refits=lambda _job: True).assemble(job, learner, folder)
    return Twice(job, learner, served, folder)


def test_what_is_served_knows_all_rows_and_is_chosen_by_those_that_knew_the_training(twice: Twice) -> None:
    bundle, selection = (open_predictor(twice.folder / name) for name in (BUNDLE, SELECTION))
    data, whole = data_of(twice.job), everything(twice.job)
    held_out = data.parts[1]
    first = fit_members(twice.job, twice.learner, data.parts[0], data.encoder, Terms())
    chosen = settings.choose(twice.job, held_out.target, first.scores(held_out))
    assert settings.make_settings(twice.job, chosen) == bundle.settings == selection.settings
    served = ((selection, twice.learner, data.parts[0]), (bundle, twice.served, whole.parts[0]))
    for predictor, learner, rows in served:
        found = fit_members(twice.job, learner, rows, data.encoder, Terms()).scores(held_out)
        for name, scores in found.items():
            assert predictor.member_scores[name](held_out.encoded) == pytest.approx(scores, abs=1e-5), name
    assert network_gap(twice.job, twice.served, twice.folder) < 1e-6
    assert network_gap(twice.job, twice.learner, twice.folder) > 1e-4


class Two:
    """Chooses as the recipe does, and serves two of its members."""

    choose, choose_cross_fitted = staticmethod(settings.choose), staticmethod(settings.choose_cross_fitted)

    def manifest(self, job: BinaryJob, chosen: settings.Chosen) -> Manifest:
        return settings.manifest(job, chosen).model_copy(update={"graphs": ("learner",)})


def test_graphs_that_serve_nobody_are_left_out(twice: Twice, tmp_path: Path) -> None:
    replace(ASSEMBLING, choosing=Two()).assemble(twice.job, twice.learner, tmp_path)
    assert set(read_bundle(tmp_path / BUNDLE, threads=1).files) == {"table.json", "learner.onnx", "logistic.json"}


def test_a_pruned_network_goes_on_from_the_one_that_serves(twice: Twice, tmp_path: Path) -> None:
    params = PruneParams(amount=0.1, lr_factor=1e-9, epochs=1)
    VARIANTS.pruned(twice.job, params, twice.folder, tmp_path / "pruned")
    rows = data_of(twice.job).parts[1].encoded
    found = open_predictor(tmp_path / "pruned").member_scores["learner"](rows)
    near, far = (np.abs(found - network_scores(one, rows)).mean() for one in (twice.served, twice.learner))
    assert 0 < near < far


def test_a_student_is_taught_by_what_serves_and_serves_alone(twice: Twice, tmp_path: Path) -> None:
    params = DistillParams(model={"network.k": 2, "network.width": 8}, epochs=1, teacher_share=0.5)
    VARIANTS.distilled(twice.job, params, twice.folder, tmp_path / "distilled")
    found = open_predictor(tmp_path / "distilled")
    assert [member.weight for member in found.settings.members] == [1.0]
    rows = data_of(twice.job).parts[0]
    soft = open_predictor(twice.folder / BUNDLE).probabilities(rows.encoded)
    assert taught(twice.folder / BUNDLE, rows, 0.5) == pytest.approx((soft + rows.target) / 2)


def test_few_rows_that_all_are_learned_from_leave_none_to_judge_by(twice: Twice, tmp_path: Path) -> None:
    assert (twice.folder / SERVING).is_file()
    (tmp_path / SELECTION).mkdir()
    with pytest.raises(NotMadeError, match="none are left to judge"):
        VARIANTS.pruned(twice.job, PruneParams(amount=0.5, lr_factor=1.0, epochs=1), tmp_path, tmp_path / "pruned")

"""Few rows: cross-fitted answers, what is chosen on them, and members fitted on all that is known."""

import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from lightning.pytorch import LightningModule

from components.compression.make import NotMadeError
from components.core.bundle import read_bundle
from components.core.job import BUNDLE, SELECTION, VALIDATION, Paths
from components.kits.tables.learning.crossfit import CrossFitted, cross_fit
from components.kits.tables.learning.cut import cut_classes
from components.kits.tables.learning.few import has_few_rows
from components.kits.tables.learning.logistic import AdditiveLogistic
from components.kits.tables.learning.splines import LineDesign, SplineDesign
from components.recipes.binary.assembly.assembly import FITTING, assemble, network_gap
from components.recipes.binary.assembly.members import fit_logistic, likeliest_logistic
from components.recipes.binary.metrics.metrics import log_loss
from components.recipes.binary.params import BinaryJob
from components.recipes.binary.serving.predictor import open_predictor
from components.recipes.binary.training.training import TRAINING, data_of, everything
from components.recipes.binary.variants import VARIANTS
from components.training.fit import fit

pytestmark = pytest.mark.slow

FOLDS = 3


@dataclass(frozen=True)
class Few:
    """A case whose rows are few, fitted in two epochs."""

    job: BinaryJob
    learner: LightningModule
    served: LightningModule
    folder: Path


@pytest.fixture(scope="module")
def few(prepared: BinaryJob, tmp_path_factory: pytest.TempPathFactory) -> Few:
    paths = Paths(tmp_path_factory.mktemp("few"))
    job = replace(prepared, paths=paths).with_values(
        {"model.few.rows": 2000, "model.few.folds": FOLDS, "model.few.c": [0.02, 0.2]}
    )
    shutil.copytree(prepared.paths.prepared(job.case), paths.prepared(job.case))
    learner, _ = fit(job, TRAINING, state=paths.state(job.case) / "fit")
    folder = paths.fitted(job.case)
    return Few(job, learner, assemble(job, learner, folder), folder)


@pytest.fixture(scope="module")
def crossed(few: Few) -> CrossFitted:
    """Once more: the networks are those that `assemble` has left in the state."""
    return cross_fit(few.job, few.learner, FITTING)


def test_the_bound_decides_and_few_rows_come_in_batches_of_their_own(few: Few) -> None:
    rows = len(everything(few.job).parts[0].target)
    assert rows == sum(len(part.target) for part in data_of(few.job).parts)
    assert has_few_rows(few.job.with_values({"model.few.rows": rows + 1}))
    assert not has_few_rows(few.job.with_values({"model.few.rows": rows}))
    asked = few.job.with_values({"fit.batch_size": 256, "model.few.batch_size": 20})
    assert data_of(asked).params.batch_size == 20
    assert data_of(asked.with_values({"fit.batch_size": 10})).params.batch_size == 10
    assert data_of(asked.with_values({"model.few.rows": 0})).params.batch_size == 256


def test_each_row_is_answered_by_members_that_have_not_learned_from_it(few: Few, crossed: CrossFitted) -> None:
    data = everything(few.job)
    rows = data.parts[0]
    assert sorted(np.concatenate([rest for _, rest in crossed.parts])) == list(range(len(rows.target)))
    for fitting, rest in crossed.parts:
        assert not set(fitting) & set(rest)
        logistic = likeliest_logistic(rows.take(fitting), data.encoder, few.job.model, few.job.params.fit.seed)
        unseen = rows.take(rest).encoded
        by_hand = logistic.predict(unseen.numeric, unseen.categorical)
        assert crossed.scores["logistic"][rest] == pytest.approx(by_hand, abs=1e-12)
    assert set(crossed.scores) == {"learner", "logistic", "lightgbm"}


def test_what_is_served_knows_all_rows_and_is_chosen_on_cross_fitted_answers(few: Few) -> None:
    bundle, selection = (open_predictor(few.folder / name) for name in (BUNDLE, SELECTION))
    assert bundle.settings == selection.settings  # weights, calibration, threshold, bands
    for predictor, data in ((bundle, everything(few.job)), (selection, data_of(few.job))):
        rows = data.parts[0]
        logistic = likeliest_logistic(rows, data.encoder, few.job.model, few.job.params.fit.seed)
        by_hand = logistic.predict(rows.encoded.numeric, rows.encoded.categorical)
        assert predictor.member_scores["logistic"](rows.encoded) == pytest.approx(by_hand, abs=1e-7)
    assert network_gap(few.job, few.served, few.folder) < 1e-6
    assert network_gap(few.job, few.learner, few.folder) > 1e-4


def test_the_same_rows_lead_to_the_same_bytes(few: Few, tmp_path: Path) -> None:
    """The second fits go on from their state, the baselines are fitted again."""
    assemble(few.job, few.learner, tmp_path)
    for name in (BUNDLE, SELECTION):
        assert read_bundle(tmp_path / name, threads=1).manifest == read_bundle(few.folder / name, threads=1).manifest


def test_networks_are_not_trained_again_where_no_rows_are_left_to_judge_them(few: Few, tmp_path: Path) -> None:
    for make in (VARIANTS["pruned"], VARIANTS["distilled"]):
        with pytest.raises(NotMadeError, match="none are left to judge"):
            make(few.job, None, few.folder, tmp_path / "variant")


def test_the_validation_is_answered_by_members_that_do_not_know_it(few: Few) -> None:
    from components.recipes.binary.report.report import report
    from components.recipes.shared.serving import read_split

    found = report(few.job, few.folder, few.folder / BUNDLE).predictions[VALIDATION]
    selection = open_predictor(few.folder / SELECTION)
    rows = read_split(few.job, VALIDATION)
    assert found["model"].to_numpy() == pytest.approx(selection.score(rows), abs=1e-12)
    assert found["logistic"].to_numpy() == pytest.approx(
        selection.member_scores["logistic"](selection.encoder.encode(rows)), abs=1e-12
    )


def test_the_penalty_that_is_taken_answers_left_out_rows_best(few: Few) -> None:
    data, params = everything(few.job), few.job.model
    rows, seed = data.parts[0], few.job.params.fit.seed
    chosen = likeliest_logistic(rows, data.encoder, params, seed)
    lines = chosen.design
    assert isinstance(lines, LineDesign)

    def left_out(c: float) -> float:
        answer = np.empty(len(rows.target))
        for fitting, rest in cut_classes(rows.target, None, FOLDS, seed):
            model = AdditiveLogistic(design=LineDesign(scales=lines.scales, columns=lines.columns), c=c)
            unseen = rows.take(rest).encoded
            answer[rest] = model.fit(*rows.take(fitting).known(data.encoder)).predict(
                unseen.numeric, unseen.categorical
            )
        return log_loss(rows.target, answer)

    assert min(params.few.c, key=left_out) == chosen.c


def test_splines_are_taken_where_they_are_surely_better(few: Few) -> None:
    """The outcome follows the square of a number, of which a line knows nothing."""
    data = everything(few.job)
    rows = data.parts[0]
    age = rows.encoded.numeric[:, data.encoder.raw_names.index("Age")]
    bent = replace(rows, target=(age**2 > np.median(age**2)).astype(np.int8))
    assert type(likeliest_logistic(bent, data.encoder, few.job.model, 0).design) is SplineDesign


def test_where_a_class_has_one_row_nothing_is_chosen(few: Few) -> None:
    data = everything(few.job)
    rows = data.parts[0]
    places = np.concatenate([np.flatnonzero(rows.target == 0), np.flatnonzero(rows.target == 1)[:1]])
    left = rows.take(places)
    answers = [
        make.predict(left.encoded.numeric, left.encoded.categorical)
        for make in (
            likeliest_logistic(left, data.encoder, few.job.model, 0),
            fit_logistic(left, data.encoder, few.job.model),
        )
    ]
    assert np.array_equal(*answers)

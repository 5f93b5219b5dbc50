"""What every case must do on its toy rows, on a CPU, in seconds: learn, score, export, reload, answer."""

import json
import re
import shlex
import sys
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from dataclasses import asdict, dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pandas as pd
import pytest
import torch
from lightning.pytorch import LightningModule

from components.compression.compare import compare
from components.compression.make import make_variants
from components.compression.measure import Variant, pick
from components.core.bundle import SUFFIXES, read_bundle
from components.core.errors import CasebookError, StrangeError
from components.core.files import dvc_md5, whole_folder
from components.core.histories import check_whole, read_kept
from components.core.job import EXTERNAL, FP32, PREPARED_FILES, TEST, TRAIN, VALIDATION, WEIGHTS, Job, Meta
from components.core.params.monitor import DriftParams, PredictionLog
from components.core.params.overrides import override
from components.core.parts import Answering
from components.core.recipe import Recipe, read_checks, recipe_of, recipes
from components.core.results import Report
from components.evaluation.gaps import largest_gap
from components.evaluation.plots import write_plots
from components.evaluation.report import write_report
from components.evaluation.scores import from_column
from components.evaluation.tables import read_about, read_tables
from components.kits.tables.encoding.cells import columns_of_frame, columns_of_rows
from components.monitoring.drift import compare as compare_columns
from components.monitoring.drift import is_number
from components.monitoring.log import append, logged
from components.recipes.shared.asking import ask
from components.serving.models import online
from components.serving.service import Options
from components.training.fit import build, fit, make_trainer
from pipelines.commands.options import read_options
from pipelines.steps import fetch, prepare
from tests.browser import needs_browser
from tests.components.serving.fuzz import fuzz
from tests.components.serving.reading import answered, opened
from tests.components.serving.served import served
from tests.recipes.asked import as_read, in_hand_and_on_disk, mlflow_answers, unsure, written
from tests.recipes.files import files_of_rows, wrong_files
from tests.recipes.over_http import answered_as_by_predict, strange_texts, told_at_their_place
from tests.toy.jobs import CHECKOUT, toy_cases, toy_job

pytestmark = pytest.mark.slow

FORMS = {"images": "json"}  # of answers, by what is asked; else a table
DRIFT = DriftParams(psi=0.2, alpha=0.01, bins=10, floor=0.0001, columns=0.2, ignore=())


@dataclass(frozen=True)
class Run:
    """A case that is fitted. `served` is the learner whose graph `fitted/bundle` holds."""

    job: Job
    recipe: Recipe
    served: LightningModule
    fitted: Path


def run_case(name: str, root: Path) -> Run:
    """A case from raw rows to `fitted/`, by the steps of the stages, without tracking."""
    job = toy_job(name, root)
    fetch.run(job)
    prepare.run(job)
    recipe, out = recipe_of(job), job.paths.fitted(name)
    learner, _ = fit(job, recipe.training, state=job.paths.state(name) / "fit")
    with whole_folder(out) as folder:
        served = recipe.assembly.assemble(job, learner, folder)
        torch.save(learner.state_dict(), folder / WEIGHTS)
    return Run(job, recipe, served, out)


@pytest.fixture(scope="module", params=toy_cases())
def run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Run:
    return run_case(request.param, tmp_path_factory.mktemp(request.param))


@dataclass(frozen=True)
class Compressed:
    """The bundles by the names of their variants, what was measured of them, and the one that serves."""

    folders: Mapping[str, Path]
    variants: list[Variant]
    picked: Variant

    @property
    def bundle(self) -> Path:
        return self.folders[self.picked.name]


@pytest.fixture(scope="module")
def compressed(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Compressed:
    folders = make_variants(run.job, run.recipe, run.fitted, tmp_path_factory.mktemp("variants"))
    variants = compare(run.job, run.recipe, folders)
    return Compressed(folders, variants, pick(variants, run.job.params.compress.max_metric_drop))


def test_every_recipe_has_toy_rows() -> None:
    from components.core.params.load import load_params

    params = load_params(CHECKOUT / "params.yaml")
    assert {params.case(case).recipe for case in toy_cases()} == set(recipes())


def test_preparing_leaves_disjoint_splits_of_all_rows(run: Run) -> None:
    folder = run.job.paths.prepared(run.job.case)
    meta = Meta.read(folder)
    frames = [pd.read_parquet(folder / PREPARED_FILES[split]) for split in (TRAIN, VALIDATION, TEST)]
    keys = pd.concat([frame[meta.data["key"]] for frame in frames])
    assert not keys.duplicated().any()
    assert [len(frame) for frame in frames] == [meta.rows[split] for split in (TRAIN, VALIDATION, TEST)]
    assert min(len(frame) for frame in frames) > 0


def test_the_learner_learns(run: Run) -> None:
    """Two steps on the same rows lower their loss."""
    job = replace(run.job, params=override(run.job.params, {"fit.max_epochs": 1, "fit.warmup_fraction": 0.0}))
    learner, data = build(job, run.recipe.training)
    data.trainer = make_trainer(job.params.fit, None, [])
    batch = next(iter(data.train_dataloader()))
    learner.eval()  # without dropout, so that losses can be compared
    learner.trainer = data.trainer
    optimizer = torch.optim.AdamW(learner.parameters(), lr=job.params.fit.lr)
    losses = []
    for _ in range(3):
        loss = learner.training_step(batch, 0)
        losses.append(loss.item())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert losses[0] > losses[1] > losses[2]


def test_the_bundle_answers_what_the_network_answers(run: Run) -> None:
    """The graph in the bundle that is served, beside the network in torch that it was made of, on validation rows."""
    assert 0 <= run.recipe.assembly.network_gap(run.job, run.served, run.fitted) < 1e-5


def test_a_bundle_of_another_network_is_not_taken_for_this_one(run: Run) -> None:
    """Else nothing is compared: one weight more or less must be seen."""
    other = deepcopy(run.served)
    with torch.no_grad():
        for numbers in other.state_dict().values():  # some networks are served by averages, which are buffers
            if numbers.is_floating_point():
                numbers.add_(0.01)
    assert run.recipe.assembly.network_gap(run.job, other, run.fitted) > 1e-4


READERS: dict[str, Callable[[Path], object]] = {  # of answers, by the ending that a recipe declares
    ".csv": lambda path: len(pd.read_csv(path)),
    ".parquet": lambda path: len(pd.read_parquet(path)),
    ".json": lambda path: json.loads(path.read_text(encoding="utf-8")),
    ".txt": lambda path: path.read_text(encoding="utf-8").splitlines(),
}


def test_the_command_for_who_has_never_asked_is_answered(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    typed, _, command = run.recipe.question(run.job).rpartition(" | ")
    *words, rows = shlex.split(command)[:4]
    assert words == ["casebook", "predict", run.job.case]
    source = Path("typed").with_suffix(run.recipe.predict_suffix) if typed else run.job.paths.root / rows
    if typed:
        source.write_text(shlex.split(typed)[1], encoding="utf-8")
    further = shlex.split(command)[4:]
    options = dict(zip(further[::2], further[1::2], strict=True))
    out = Path(options.pop("--out", "answers.txt"))
    given = [f"{name.removeprefix('--')}={value}" for name, value in options.items()]
    declared = read_options(run.job.case, run.recipe.options, given)
    assert out.suffix in run.recipe.answers
    for ending in run.recipe.answers:
        assert run.recipe.predict.predict_file(run.fitted / "bundle", source, out.with_suffix(ending), declared) > 0
        assert READERS[ending](out.with_suffix(ending))


def test_the_predictor_answers_raw_rows(run: Run) -> None:
    example = run.recipe.serving.example(run.job)
    answer = run.recipe.serving.open_predictor(run.fitted / "bundle").predict(example)
    assert len(example) > 0
    assert len(answer) > 0
    numbers = answer.select_dtypes("number")
    assert numbers.shape[1] > 0
    assert np.isfinite(numbers).all(axis=None)
    answers = run.recipe.serving.answers(run.job, run.fitted / "bundle", TEST)
    assert len(answers.target) == len(answers.score) > 0
    for one in answers.score:  # boxes of an image are padded with rows of NaN
        assert isinstance(one, str) or np.isfinite(one if np.ndim(one) == 0 else one[~np.isnan(one)]).all()
    run.recipe.serving.answer_rows(run.job, run.fitted / "bundle")(3)


def test_rows_of_a_table_are_answered_alike_with_and_without_a_frame(run: Run) -> None:
    """All test rows, as JSON and as a CSV have them."""
    predictor = run.recipe.serving.open_predictor(run.fitted / "bundle")
    if not hasattr(predictor, "reader"):
        pytest.skip("no table")
    prepared = run.job.paths.prepared(run.job.case)
    rows = pd.read_parquet(prepared / PREPARED_FILES[TEST]).drop(columns=Meta.read(prepared).data["key"])
    expected = predictor.predict(rows)
    assert expected["reasons"].map(len).sum() > 0
    texts = rows.astype("str").where(rows.notna(), "")
    for given in (rows, texts):
        answers = predictor.answer(columns_of_rows(json.loads(given.to_json(orient="records"))))
        pd.testing.assert_frame_equal(pd.DataFrame(answers.columns()), expected, rtol=0, atol=1e-9)


def test_lines_of_text_are_answered_over_http_as_by_predict(run: Run, tmp_path: Path) -> None:
    """All test clauses, typed with blanks and without."""
    bundle = run.fitted / "bundle"
    if getattr(run.recipe.serving.open_predictor(bundle), "TAKES", None) != "lines":
        pytest.skip("no text")
    service = online(run.recipe.name).open_service(bundle, None, read_checks(run.job))
    clauses = pd.read_parquet(run.job.paths.prepared(run.job.case) / PREPARED_FILES[TEST])["syllables"].tolist()
    lines = [*clauses, *(clause.replace(" ", "") for clause in clauses)]
    (tmp_path / "lines.txt").write_text("\n".join(lines), encoding="utf-8")
    run.recipe.predict.predict_file(bundle, tmp_path / "lines.txt", tmp_path / "out.parquet", {"n_best": 3})
    rows = [{"pinyin": line} for line in lines]
    assert [one for row in rows for one in service.check(row)] == []
    answers = service.answer(rows, Options(more=service.options({"n_best": 3})))
    found = pd.DataFrame(
        [{"line": line, **one} for line, each in enumerate(answers, 1) for one in (each.values or {})["best"]]
    )
    expected = pd.read_parquet(tmp_path / "out.parquet")
    pd.testing.assert_frame_equal(found, expected, rtol=0, atol=1e-9, check_dtype=False)
    watched = run.recipe.watch
    assert watched.said is not None
    told = watched.said(run.job, bundle, pd.DataFrame(rows))
    plain = pd.DataFrame([one.told for one in service.answer(rows, Options())])
    pd.testing.assert_frame_equal(plain, told, rtol=0, atol=1e-9)


def test_rows_of_a_table_are_answered_over_http_as_by_predict(run: Run) -> None:
    """All test rows as JSON, reasons included; what is asked of each is checked as the server does."""
    predictor = run.recipe.serving.open_predictor(run.fitted / "bundle")
    if not hasattr(predictor, "reader"):
        pytest.skip("no table")
    service = online(run.recipe.name).open_service(run.fitted / "bundle", None, read_checks(run.job))
    prepared = run.job.paths.prepared(run.job.case)
    frame = pd.read_parquet(prepared / PREPARED_FILES[TEST]).drop(columns=Meta.read(prepared).data["key"])
    rows = json.loads(frame[list(predictor.reader.columns)].to_json(orient="records"))
    assert [one for row in rows for one in service.check(row)] == []
    wanted = pd.DataFrame(predictor.answer(columns_of_rows(rows)).columns())
    explain = "declined" if run.recipe.name == "binary" else "always"  # as `predict` does
    answers = service.answer(rows, Options(explain=explain))
    found = pd.DataFrame([one.values for one in answers])
    texts = [[text.split(" = ")[0].split(" is missing")[0] for text in row] for row in wanted.pop("reasons")]
    assert [[one["column"] for one in row] for row in found.pop("reasons")] == texts
    assert sum(map(len, texts)) > 0
    pd.testing.assert_frame_equal(found, wanted, rtol=0, atol=1e-9, check_dtype=False)
    watched = run.recipe.watch
    told = watched.said(run.job, run.fitted / "bundle", frame) if watched.said else None
    assert told is not None
    pd.testing.assert_frame_equal(
        pd.DataFrame([one.told for one in answers]), told, rtol=0, atol=1e-9, check_dtype=False
    )
    (example,) = service.schema()["examples"]
    (answered,) = service.answer([example], Options(explain=explain))
    assert not answered.wrong
    assert service.check({**example, "no such column": 1})
    strange = {**example, next(iter(example)): ["a list"]}
    assert [one.loc for one in service.check(strange)] == [(next(iter(example)),)]


def test_images_are_answered_over_http_as_by_predict(run: Run, tmp_path: Path) -> None:
    """All test images as base64, with a bundle that serves whatever it finds."""
    if getattr(run.recipe.serving.open_predictor(run.fitted / "bundle"), "TAKES", None) != "images":
        pytest.skip("no images")
    bundle, target = unsure(run.fitted / "bundle", tmp_path / "bundle"), tmp_path / "boxes.json"
    rows = pd.read_parquet(run.job.paths.prepared(run.job.case) / PREPARED_FILES[TEST])[["image", "pixels"]]
    paths, source = in_hand_and_on_disk("images", rows, tmp_path)
    rows["image"] = [path.name for path in paths]
    run.recipe.predict.predict_file(bundle, source, target, {})
    service = online(run.recipe.name).open_service(bundle, None, read_checks(run.job))
    asked = [
        {"image": b64encode(pixels).decode(), "name": name} for name, pixels in rows.itertuples(index=False, name=None)
    ]
    assert [one for row in asked for one in service.check(row)] == []
    answers = service.answer(asked, Options())
    boxes = [
        {
            "image": str(source / one.values["image"]),
            **{name: box[name] for name in ("category", "bbox", "area", "score")},
        }
        for one in sorted(answers, key=lambda one: one.values["image"])
        for box in one.values["annotations"]
    ]
    assert len(boxes) > len(rows)
    pd.testing.assert_frame_equal(as_read(pd.DataFrame(boxes)), written(target, source), rtol=0, atol=1e-9)
    observed = run.recipe.watch.observe(run.job, bundle, pd.DataFrame([row for one in answers for row in one.kept]))
    told = pd.DataFrame([one.told for one in answers])
    pd.testing.assert_frame_equal(told, observed.scores, rtol=0, atol=1e-9)
    (example,) = service.schema()["examples"]
    (answered,) = service.answer([example], Options(strict=True))
    assert not answered.wrong, answered.wrong


def test_users_are_answered_over_http_as_by_predict(run: Run, tmp_path: Path) -> None:
    """Named alone, and with their whole histories, all in one request; reasons included."""
    if not run.recipe.histories:
        pytest.skip("it keeps nothing of users")
    serving, bundle = run.recipe.remembering, run.fitted / "bundle"
    (unit,) = serving.named_by(run.job)
    serving.write_histories(run.job, bundle, tmp_path)
    service: Any = online(run.recipe.name).open_service(bundle, tmp_path, read_checks(run.job))
    predictor: Any = run.recipe.serving.open_predictor(bundle)
    predictor.know(tmp_path)
    rows = json.loads(serving.known_rows(run.job, 50).to_json(orient="records"))
    named = [{unit: user} for user in dict.fromkeys(row[unit] for row in rows)]
    for given, raw in ((named, named), (service.gathered(rows), rows)):
        assert len(given) == len(named)
        assert [one for row in given for one in service.check(row)] == []
        answers = service.answer(given, Options(explain="always"))
        found = pd.DataFrame(service.flat([one.values for one in answers]))
        wanted = pd.DataFrame(predictor.answers_to(columns_of_rows(raw), because=True))
        told = zip(found.pop("warnings"), wanted.pop("warnings"), strict=True)
        assert all(set(fewer) <= set(more) for more, fewer in told)
        assert wanted["because"].notna().any()
        pd.testing.assert_frame_equal(found, wanted, rtol=0, atol=1e-9, check_dtype=False)
    for one in service.answer(service.schema()["examples"], Options()):
        assert one.values["items"]


@pytest.fixture(scope="module")
def client(run: Run) -> Iterator[httpx.Client]:
    """Of one server for all tests of a case; newcomers may leave for later how their recipe is answered over HTTP."""
    try:
        online(run.recipe.name)
    except CasebookError as error:
        pytest.skip(str(error))
    with served(run.job, run.fitted / "bundle") as (found, _):
        yield found


def test_strange_inputs_over_http_are_answered_as_by_predict_or_told_at_their_place(
    run: Run, client: httpx.Client
) -> None:
    case, predictor = run.job.case, run.recipe.serving.open_predictor(run.fitted / "bundle")
    (example, *_) = client.get(f"/v1/{case}/schema").json()["row"]["examples"]
    told_at_their_place(client, case, example)
    if hasattr(predictor, "reader"):
        row = {name: "" if cell is None else str(cell) for name, cell in example.items()}
        rows = strange_texts(row, list(predictor.reader.columns))
        answered_as_by_predict(client, case, predictor, rows)


def test_whatever_is_asked_of_a_case_over_http_ends_as_openapi_says(run: Run, client: httpx.Client) -> None:
    found = fuzz(str(client.base_url).rstrip("/"), examples=10, of=run.job.case)
    assert 4 in {status // 100 for _, _, status in found}
    assert len({path for _, path, _ in found}) > 1


def test_python_is_answered_what_predict_writes(run: Run, tmp_path: Path) -> None:
    """The example, as each kind of problem takes it, and again as a file; rows as a frame, too."""
    bundle, case, example = run.fitted / "bundle", run.job.case, run.recipe.serving.example(run.job)
    predictor = run.recipe.serving.open_predictor(bundle)
    if not isinstance(predictor, Answering):  # a recipe that knows frames alone, as the one that newcomers copy
        expected = predictor.predict(example)
        found = ask(predictor, case, example, {})
        assert found.pop("row").tolist() == list(range(1, len(example) + 1))
        pd.testing.assert_frame_equal(found, expected)
        return
    takes = predictor.TAKES
    if takes == "images":
        bundle = unsure(bundle, tmp_path / "bundle")
    predictor, target = run.recipe.serving.open_predictor(bundle), tmp_path / f"answers.{FORMS.get(takes, 'csv')}"
    given, source = in_hand_and_on_disk(takes, example, tmp_path)
    run.recipe.predict.predict_file(bundle, source, target, {})
    expected = written(target, source)
    answers = ask(predictor, case, given, {})
    assert len(answers) > 0
    json.dumps(answers)  # plain values all
    found = [pd.DataFrame(answers)]
    if takes == "rows":
        found.append(ask(predictor, case, pd.read_csv(source, dtype=str, keep_default_na=False), {}))
    for one in found:
        pd.testing.assert_frame_equal(as_read(one), expected, rtol=1e-5)


def test_rows_of_a_table_in_another_writing_are_refused_and_no_other_recipe_passes_over_the_option(run: Run) -> None:
    predictor, case = run.recipe.serving.open_predictor(run.fitted / "bundle"), run.job.case
    if not hasattr(predictor, "reader"):
        with pytest.raises(CasebookError, match="predict does not take accept_strange"):
            ask(predictor, case, [], {"accept_strange": True})
        with pytest.raises(CasebookError, match="predict does not take --accept-strange for this case"):
            read_options(case, run.recipe.options, ["accept-strange=true"])
        return
    rows = pd.read_parquet(run.job.paths.prepared(case) / PREPARED_FILES[TEST])
    plain = ask(predictor, case, rows, {})
    assert plain.columns[-1] == "warnings"
    known, columns = predictor.known, predictor.reader.columns
    (column, *_) = [name for name, at in known.places.items() if known.middle[at] > 0 and columns[name].max is None]
    strange = rows.assign(**{column: rows[column] * 1000})
    with pytest.raises(StrangeError, match=f"{column}: .* the median is .* about 1,000 times more than training's"):
        ask(predictor, case, strange, {})
    answers = ask(predictor, case, strange, read_options(case, run.recipe.options, ["accept-strange=true"]))
    assert len(answers) == len(rows)
    assert answers["warnings"].map(len).sum() > len(rows) / 2


def raw_table(run: Run) -> pd.DataFrame:
    """The raw rows of a case that is a table, as its file has them."""
    if not hasattr(run.recipe.serving.open_predictor(run.fitted / "bundle"), "reader"):
        pytest.skip("no table")
    return pd.read_csv(run.job.paths.raw(run.job.case) / run.job.prepare.file)


def test_a_table_is_answered_alike_however_its_file_is_written(run: Run, tmp_path: Path) -> None:
    rows, bundle = raw_table(run).head(40), run.fitted / "bundle"
    found = {}
    for source in files_of_rows(rows, tmp_path):
        assert run.recipe.predict.predict_file(bundle, source, tmp_path / "answers.csv", {}) == len(rows)
        found[source.name] = (tmp_path / "answers.csv").read_text(encoding="utf-8")
    assert len(found) == 8
    assert {name for name, text in found.items() if text != found["rows.parquet"]} == set()


def test_what_is_wrong_with_the_file_of_a_table_is_one_message_and_nothing_is_written(run: Run, tmp_path: Path) -> None:
    rows, target = raw_table(run).head(60), tmp_path / "answers.csv"
    wrong = wrong_files(rows, run.recipe.serving.open_predictor(run.fitted / "bundle").reader.columns, tmp_path)
    assert len(wrong) == 7
    for source, message in wrong:
        with pytest.raises(CasebookError, match=message):
            run.recipe.predict.predict_file(run.fitted / "bundle", source, target, {})
        assert not target.exists(), source.name


def test_cells_that_cannot_be_read_and_classes_that_are_new_are_warned_of_and_answered(run: Run) -> None:
    rows, predictor = raw_table(run).head(12), run.recipe.serving.open_predictor(run.fitted / "bundle")
    columns = predictor.reader.columns
    number = next(name for name, column in columns.items() if column.kind == "numeric")
    strange = rows.astype({number: object})
    strange.loc[3, number] = "about 129"
    classes = [name for name, column in columns.items() if column.kind == "categorical"]
    if classes:
        strange.loc[5, classes[0]] = "castle"
    plain, answers = predictor.predict(rows), predictor.predict(strange)
    new = {
        place: [one for one in said if one not in before]
        for place, (said, before) in enumerate(zip(answers["warnings"], plain["warnings"], strict=True))
    }
    assert new.pop(3) == [f"{number}: 'about 129' cannot be read"]
    if classes:
        assert new.pop(5) == [f"{classes[0]} = 'castle' is no class of training"]
    assert not any(new.values())
    assert np.isfinite(answers.select_dtypes("number")).all(axis=None)
    left = answers.drop(index=[3, 5])
    pd.testing.assert_frame_equal(left, plain.drop(index=[3, 5]), rtol=0, atol=1e-9)


def test_mlflow_serves_a_table_with_the_answers_of_predict(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the model as it is registered, by what `mlflow models serve` calls for each request."""
    raw_table(run)
    bundle, example = run.fitted / "bundle", run.recipe.serving.example(run.job)
    expected = run.recipe.serving.open_predictor(bundle).predict(example)
    monkeypatch.setattr(sys, "path", list(sys.path))  # MLflow adds the model's code to it
    served = mlflow_answers(bundle, example, expected, run.recipe.packages, tmp_path)
    assert list(served[0]) == list(expected.columns)
    pd.testing.assert_frame_equal(pd.DataFrame(served), expected, rtol=0, atol=1e-9, check_dtype=False)


def test_users_are_answered_by_all_that_is_known_of_them_whether_given_or_stored(run: Run, tmp_path: Path) -> None:
    """Of every recipe that keeps what users did: nobody is answered with what they had last, and a request that brings
    a user's whole history is answered as one that only names the user.
    """
    if not run.recipe.histories:
        assert not hasattr(run.recipe.serving.open_predictor(run.fitted / "bundle"), "know")
        pytest.skip("it keeps nothing of users")
    serving, bundle = run.recipe.remembering, run.fitted / "bundle"
    (unit,) = serving.named_by(run.job)
    serving.write_histories(run.job, bundle, tmp_path)
    kept = read_kept(tmp_path)
    assert kept is not None
    check_whole(tmp_path, kept)
    predictor: Any = run.recipe.serving.open_predictor(bundle)
    predictor.know(tmp_path)
    rows = serving.known_rows(run.job, 50)
    named = rows[[unit]].drop_duplicates()
    stored = predictor.predict(named)
    pd.testing.assert_frame_equal(stored, predictor.predict(rows))
    newest = dict(rows.groupby(unit)[predictor.columns["item"]].last().astype(str))
    assert set(stored["user"]) == set(newest)
    assert [one for one in zip(stored["user"], stored["item"], strict=True) if newest[one[0]] == one[1]] == []


def test_metrics_are_finite_and_name_the_primary(run: Run) -> None:
    answers = run.recipe.serving.answers(run.job, run.fitted / "bundle", TEST)
    metrics = run.recipe.serving.metrics(run.job, run.fitted / "bundle")
    assert run.recipe.primary in metrics
    assert run.recipe.lower_is_better <= set(metrics)
    found = {name: metric(answers.target, answers.score) for name, metric in metrics.items()}
    assert all(np.isfinite(value) for value in found.values()), found


def assert_one_set_of_figures(run: Run, compressed: Compressed, report: Report) -> None:
    """The report has the figures and intervals that compress measured of the picked bundle, and the answers that a
    release of that bundle gives.
    """
    (test,) = [one.by_model["model"] for one in report.scores if one.split == TEST]
    picked, answers = compressed.picked.test, run.recipe.serving.answers(run.job, compressed.bundle, TEST)
    assert test.keys() == picked.keys() == run.recipe.serving.metrics(run.job, compressed.bundle).keys()
    for name, found in test.items():
        assert asdict(found) == pytest.approx(asdict(picked[name]), abs=1e-6), name
    judged = from_column(report.predictions[TEST]["model"])
    assert largest_gap(answers.score, judged) <= run.job.params.release.max_served_gap
    explained = [*run.recipe.metrics, *run.recipe.baselines]
    names = {name for one in report.scores for name in [*one.by_model, *one.by_model["model"]]} - {"model", "learner"}
    assert [name for name in names if not any(fnmatchcase(name, word) for word in explained)] == []


def test_a_report_holds_scores_predictions_tables_and_pictures(
    run: Run, compressed: Compressed, tmp_path: Path
) -> None:
    report = run.recipe.reporting.report(run.job, run.fitted, compressed.bundle)
    assert_one_set_of_figures(run, compressed, report)
    write_report(tmp_path, report)
    write_plots(tmp_path / "plots", report.plots)
    drawn = {path.relative_to(tmp_path / "plots").with_suffix("").as_posix() for path in tmp_path.rglob("plots/*/*")}
    assert drawn == {name for name, frame in report.plots.items() if len(frame)}
    scores = report.scores
    external = (run.job.paths.prepared(run.job.case) / PREPARED_FILES[EXTERNAL]).exists()
    assert [one.split for one in scores] == [VALIDATION, TEST, *([EXTERNAL] if external else [])]
    for one in scores:
        assert {"model", "learner"} < set(one.by_model)  # and a baseline at least
        assert all(run.recipe.primary in metrics for metrics in one.by_model.values())
        predictions = pd.read_parquet(tmp_path / f"predictions-{one.split}.parquet")
        assert set(one.by_model) <= set(predictions.columns)
    pictures = list((tmp_path / "pictures").glob("*.png"))
    assert pictures
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in pictures)
    json.loads((tmp_path / "scores.json").read_text())
    tables = read_tables(tmp_path)
    assert all(table.title and table.note for table in tables)
    assert all(len(row) == len(table.columns) for table in tables for row in table.rows)
    assert any(table.rows for table in tables)
    predicts, decisions = read_about(tmp_path)
    assert predicts
    assert all(table.note and len(row) == len(table.columns) for table in decisions for row in table.rows)


def assert_alike_in_company(run: Run, bundle: Path) -> None:
    """A row's answer is the same alone, among three and among 200, with the reasons of it."""
    test = pd.read_parquet(run.job.paths.prepared(run.job.case) / PREPARED_FILES[TEST])
    rows = columns_of_frame(test.take(np.arange(200) % len(test)), test.columns)
    answer = run.recipe.serving.open_predictor(bundle).answer
    whole = pd.DataFrame(answer(rows).columns())
    for first, last in [*((row, row + 1) for row in range(20)), (5, 8), (197, 200)]:
        some = pd.DataFrame(answer({name: cells[first:last] for name, cells in rows.items()}).columns())
        expected = whole.iloc[first:last].reset_index(drop=True)
        pd.testing.assert_frame_equal(some, expected, rtol=0, atol=1e-9)


def test_every_variant_answers_and_one_is_picked(run: Run, compressed: Compressed) -> None:
    folders, variants = compressed.folders, compressed.variants
    assert list(folders) == [FP32, *run.job.params.compress.variants]
    if hasattr(run.recipe.serving.open_predictor(folders[FP32]), "reader"):  # a table
        for folder in folders.values():
            assert_alike_in_company(run, folder)
    assert variants[0].loss.value == 0
    assert variants[0].largest_difference == 0
    for variant in variants:
        assert np.isfinite([value.value for value in variant.test.values()]).all(), variant.name
        assert variant.bytes > 0
    assert compressed.picked.name in folders


def test_a_bundle_holds_nothing_that_runs_code_when_it_is_read(run: Run) -> None:
    bundle = read_bundle(run.fitted / "bundle", threads=1)
    assert {Path(name).suffix for name in bundle.files} <= set(SUFFIXES)
    for name in bundle.files:
        start = bundle.path(name).read_bytes()[:4]
        assert not start.startswith((b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05", b"PK")), name


def test_monitoring_sees_new_rows_as_it_sees_those_of_training(run: Run, tmp_path: Path) -> None:
    """The same columns of numbers and texts, of which none has drifted from itself; also by way of the log."""
    watch, bundle = run.recipe.watch, run.fitted / "bundle"
    example, reference = run.recipe.serving.example(run.job), watch.reference(run.job, bundle, 50)
    recent = watch.observe(run.job, bundle, example)
    for new, old in ((recent.features, reference.features), (recent.scores, reference.scores)):
        assert list(new.columns) == list(old.columns)
        assert [is_number(new[name]) for name in new] == [is_number(old[name]) for name in old]
        assert 0 < len(old) <= 50
        pairs = {str(name): (old[name], old[name]) for name in old}
        assert [one.name for one in compare_columns(pairs, DRIFT) if one.psi > 0 or one.p < 1] == []
    assert np.isfinite(reference.scores.mean(numeric_only=True)).any()
    append(tmp_path, run.job.case, example, recent.scores, "1", PredictionLog(enabled=True, rows=50, megabytes=10))
    (logged_rows,) = logged(tmp_path, run.job.case, days=1)
    again = watch.observe(run.job, bundle, logged_rows)
    pd.testing.assert_frame_equal(again.features, recent.features)
    pd.testing.assert_frame_equal(again.scores, recent.scores)
    if watch.said is not None:
        pd.testing.assert_frame_equal(watch.said(run.job, bundle, example), recent.scores)
    unit = watch.unit(run.job)
    assert unit is None or unit in example
    assert set(watch.key(run.job)) <= {*example.columns, *Meta.read(run.job.paths.prepared(run.job.case)).data["key"]}


def test_monitoring_tells_the_column_of_a_table_that_has_drifted_and_judges_the_labelled_rows(run: Run) -> None:
    rows, watch, bundle = raw_table(run), run.recipe.watch, run.fitted / "bundle"
    predictor = run.recipe.serving.open_predictor(bundle)
    reference, same = watch.reference(run.job, bundle, len(rows)), watch.observe(run.job, bundle, rows)
    assert same.labelled is not None
    assert len(same.labelled.target) == len(same.labelled.score) > 0.9 * len(rows)
    metric = run.recipe.serving.metrics(run.job, bundle)[run.recipe.primary]
    assert np.isfinite(metric(same.labelled.target, same.labelled.score))
    without = rows.drop(columns=[*watch.outcome(run.job)])
    assert watch.observe(run.job, bundle, without).labelled is None
    known, columns = predictor.known, predictor.reader.columns
    (moved, *_) = [name for name, at in known.places.items() if known.middle[at] > 0 and columns[name].max is None]
    later = watch.observe(run.job, bundle, rows.assign(**{moved: rows[moved] * 3 + known.middle[known.places[moved]]}))

    def drifted(recent: pd.DataFrame) -> list[str]:
        pairs = {str(name): (reference.features[name], recent[name]) for name in recent}
        return [one.name for one in compare_columns(pairs, DRIFT) if one.drifted]

    assert drifted(same.features) == []
    assert drifted(later.features) == [moved]
    assert list(later.scores.columns) == list(reference.scores.columns)
    assert np.abs(later.scores.to_numpy(dtype=object) != same.scores.to_numpy(dtype=object)).any()


def test_a_second_run_gives_the_same_bytes(run: Run, tmp_path: Path) -> None:
    again = run_case(run.job.case, tmp_path)
    files: Callable[[Path], dict[str, str]] = lambda folder: {  # noqa: E731
        path.relative_to(folder).as_posix(): dvc_md5(path) for path in folder.rglob("*") if path.is_file()
    }
    assert files(again.fitted) == files(run.fitted)
    assert dvc_md5(again.fitted) == dvc_md5(run.fitted)


@pytest.mark.parametrize("language", ["en", "zh"])
@needs_browser[0]
@needs_browser[1]
def test_a_person_is_answered_on_the_page(run: Run, client: httpx.Client, page, language: str) -> None:
    """The example of each kind of problem is answered as it is opened, in words of one's own language."""
    page.set_extra_http_headers({"accept-language": language})
    with opened(page, f"{client.base_url}/", looked_over=language == "en"):
        answered(page, run.recipe.name)
        text = page.locator("main").inner_text()
        assert re.search("undefined|NaN|\\[object|\\{\\w+\\}", text) is None, text
        assert ("Answer" in text) == (language == "en")

import gzip
import json
import logging
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, logit

from components.core.errors import CasebookError
from components.core.job import PREPARED_FILES, TEST
from components.kits.tables.encoding.cells import columns_of_frame, columns_of_rows
from components.kits.tables.learning.members import KINDS
from components.recipes.binary.predict import predict_file
from components.recipes.binary.serving.predictor import TablePredictor, open_predictor
from tests.conftest import Fitted
from tests.forks import Forks
from tests.toy.jobs import CHECKOUT


@pytest.fixture(scope="module")
def predictor(fitted: Fitted) -> TablePredictor:
    return open_predictor(fitted.bundle)


@pytest.fixture(scope="module")
def rows(fitted: Fitted) -> pd.DataFrame:
    """Test rows as a client has them."""
    frame = pd.read_parquet(fitted.job.paths.prepared(fitted.job.case) / PREPARED_FILES[TEST])
    return frame.drop(columns=["target", "row"])


def members_of(predictor: TablePredictor, rows: pd.DataFrame) -> dict[str, np.ndarray]:
    encoded = predictor.encoder.encode(rows)
    return {name: score(encoded) for name, score in predictor.member_scores.items()}


def test_the_blend_is_the_weighted_mean_of_the_members_log_odds(predictor: TablePredictor, rows: pd.DataFrame) -> None:
    scores = members_of(predictor, rows)
    weights = {member.name: member.weight for member in predictor.settings.members}
    assert sum(weights.values()) == pytest.approx(1)
    assert set(scores) == {"learner", "logistic", "lightgbm"}
    by_hand = expit(sum(weights[name] * logit(score) for name, score in scores.items()))
    assert predictor.blend(predictor.encoder.encode(rows)) == pytest.approx(by_hand, abs=1e-9)
    assert predictor.score(rows) == pytest.approx(predictor.calibrator.apply(by_hand), abs=1e-9)


def test_members_of_several_graphs_are_averaged_in_log_odds(predictor: TablePredictor, rows: pd.DataFrame) -> None:
    encoded = predictor.encoder.encode(rows)
    (trees,) = [member for member in predictor.settings.members if member.kind == "trees"]
    parts = [KINDS["trees"](predictor, file)(encoded) for file in trees.files]
    assert len(parts) == 2
    by_hand = expit((logit(parts[0]) + logit(parts[1])) / 2)
    assert members_of(predictor, rows)["lightgbm"] == pytest.approx(by_hand, abs=1e-9)


def test_reasons_are_given_for_declined_rows_only(predictor: TablePredictor, rows: pd.DataFrame) -> None:
    answer = predictor.predict(rows)
    over = predictor.score(rows) >= predictor.settings.threshold
    assert 0 < over.sum() < len(rows)
    assert answer["decision"].tolist() == ["decline" if flag else "approve" for flag in over]
    assert all(not reasons for reasons, flag in zip(answer["reasons"], over, strict=True) if not flag)
    declined = [reasons for reasons, flag in zip(answer["reasons"], over, strict=True) if flag]
    assert all(1 <= len(reasons) <= 4 for reasons in declined)
    columns = set(predictor.data["spec"]["columns"])
    assert all(reason.split(" = ")[0].removesuffix(" is missing") in columns for row in declined for reason in row)


def test_a_row_is_answered_alike_alone_and_in_company(predictor: TablePredictor, rows: pd.DataFrame) -> None:
    whole = predictor.predict(rows)
    alone = predictor.predict(rows.iloc[[7]])
    assert alone["score"].iloc[0] == pytest.approx(whole["score"].iloc[7], abs=1e-6)
    assert alone["reasons"].iloc[0] == whole["reasons"].iloc[7]


def test_columns_in_another_order_and_others_beside_them_change_nothing(
    predictor: TablePredictor, rows: pd.DataFrame
) -> None:
    shuffled = rows[rows.columns[::-1]].assign(note="x")
    pd.testing.assert_frame_equal(predictor.predict(shuffled), predictor.predict(rows))


def test_cells_may_be_texts_as_a_csv_has_them(predictor: TablePredictor, rows: pd.DataFrame) -> None:
    texts = rows.astype("str").where(rows.notna(), "NA")
    pd.testing.assert_frame_equal(predictor.predict(texts), predictor.predict(rows))


def test_a_file_is_answered_alike_in_every_format(fitted: Fitted, rows: pd.DataFrame, tmp_path: Path) -> None:
    csv = rows.to_csv(index=False)
    (tmp_path / "utf16.csv").write_bytes(csv.encode("utf-16"))
    (tmp_path / "rows.csv.gz").write_bytes(gzip.compress(csv.encode()))
    with zipfile.ZipFile(tmp_path / "rows.zip", "w") as archive:
        archive.writestr("rows.csv", f"sep=;\n{rows.to_csv(index=False, sep=';')}")
    rows.to_excel(tmp_path / "rows.xlsx", index=False)
    rows.to_parquet(tmp_path / "rows.parquet")
    answers = []
    for name in ("rows.parquet", "utf16.csv", "rows.csv.gz", "rows.zip", "rows.xlsx"):
        assert predict_file(fitted.bundle, tmp_path / name, tmp_path / "out.csv", {}) == len(rows)
        answers.append((tmp_path / "out.csv").read_text())
    assert set(answers) == {answers[0]}


def test_rows_as_json_has_them_are_answered_as_those_of_a_frame(predictor: TablePredictor, rows: pd.DataFrame) -> None:
    answers = predictor.answer(columns_of_rows(json.loads(rows.to_json(orient="records"))))
    pd.testing.assert_frame_equal(pd.DataFrame(answers.columns()), predictor.predict(rows), rtol=0, atol=1e-12)


def test_reasons_that_are_not_asked_for_are_not_sought(predictor: TablePredictor, rows: pd.DataFrame) -> None:
    answers = predictor.answer(columns_of_frame(rows, rows.columns), explain=False)
    assert answers.score.tolist() == predictor.predict(rows)["score"].tolist()
    assert set(answers.reasons) == {()}


def test_a_missing_column_is_named(predictor: TablePredictor, rows: pd.DataFrame) -> None:
    with pytest.raises(CasebookError, match="Income"):
        predictor.predict(rows.drop(columns="Income"))


def test_a_category_unseen_in_training_counts_as_other_and_is_told(
    predictor: TablePredictor, rows: pd.DataFrame, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    few = rows.head(19)  # of which nothing is refused for being new
    strange, stranger = (predictor.predict(few.assign(Home=home)) for home in ("castle", "houseboat"))
    pd.testing.assert_series_equal(strange["score"], stranger["score"])
    assert np.isfinite(strange["score"]).all()
    assert all("Home = 'castle' is no class of training" in one for one in strange["warnings"])
    assert caplog.messages[0] == (
        "column Home: 19 of 19 cells are of classes that training did not have and score as rare ones, such as 'castle'"
    )
    encoded = predictor.encoder.encode(rows.assign(Home="castle"))
    assert encoded.unknown == {"Home": len(rows)}
    assert (encoded.categorical[:, predictor.encoder.categorical_names.index("Home")] == 0).all()


def test_an_unreadable_cell_counts_as_missing(
    predictor: TablePredictor, rows: pd.DataFrame, caplog: pytest.LogCaptureFixture
) -> None:
    texts = rows.head(3).astype({"Income": object})
    texts.iloc[0, texts.columns.get_loc("Income")] = "a lot"
    missing = rows.head(3).copy()
    missing.iloc[0, missing.columns.get_loc("Income")] = np.nan
    said, expected = predictor.predict(texts), predictor.predict(missing)
    assert said.pop("warnings").tolist() == [["Income: 'a lot' cannot be read"], [], []]
    assert expected.pop("warnings").tolist() == [[], [], []]
    pd.testing.assert_frame_equal(said, expected)
    assert caplog.messages == ["column Income: 1 of 3 cells cannot be read and count as missing, such as 'a lot'"]


def test_no_rows_are_no_answers(predictor: TablePredictor, rows: pd.DataFrame) -> None:
    answer = predictor.predict(rows.head(0))
    assert answer.columns.tolist() == ["score", "decision", "reasons", "warnings"]
    assert len(answer) == 0


def test_a_folder_that_is_no_bundle_is_named(tmp_path: Path) -> None:
    with pytest.raises(CasebookError, match="is no bundle"):
        open_predictor(tmp_path)


def test_answering_imports_no_torch(fitted: Fitted, rows: pd.DataFrame, tmp_path: Path, data_forks: Forks) -> None:
    rows.to_parquet(tmp_path / "rows.parquet")
    script = (
        "import sys, pandas as pd; from pathlib import Path; "
        "from components.recipes.binary.serving.predictor import open_predictor; "
        "open_predictor(Path(sys.argv[1])).predict(pd.read_parquet(sys.argv[2])); "
        "print(*sorted({'torch', 'lightning', 'mlflow', 'lightgbm', 'optuna'} & sys.modules.keys()))"
    )
    arguments = [str(fitted.bundle), str(tmp_path / "rows.parquet")]
    done = data_forks.run("-c", script, *arguments, cwd=CHECKOUT)
    assert (done.returncode, done.stdout.split()) == (0, []), done.stderr


def test_answering_rows_needs_no_pandas(fitted: Fitted, predictor: TablePredictor, rows: pd.DataFrame) -> None:
    script = (
        "import sys, json; from pathlib import Path; from importlib.abc import MetaPathFinder\n"
        "class WithoutPandas(MetaPathFinder):\n"
        "    def find_spec(self, name, path, target=None):\n"
        "        if name.split('.')[0] == 'pandas': raise ImportError('there is no pandas')\n"
        "sys.meta_path.insert(0, WithoutPandas())\n"
        "from components.kits.tables.encoding.cells import columns_of_rows; "
        "from components.recipes.binary.serving.predictor import open_predictor; "
        "answers = open_predictor(Path(sys.argv[1])).answer(columns_of_rows(json.load(sys.stdin))).columns(); "
        "print(json.dumps([answers['score'].tolist(), answers['reasons']]))"
    )
    given = rows.head(20).to_json(orient="records")
    done = subprocess.run(
        [sys.executable, "-c", script, str(fitted.bundle)],
        input=given,
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=True,
    )
    score, reasons = json.loads(done.stdout)
    expected = predictor.predict(rows.head(20))
    assert score == expected["score"].tolist()
    assert reasons == expected["reasons"].tolist()
    assert any(reasons)

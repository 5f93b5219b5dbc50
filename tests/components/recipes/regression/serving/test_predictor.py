import numpy as np
import pandas as pd
import pytest

from components.core.job import PREPARED_FILES, TEST
from components.core.results import Answers
from components.kits.tables.encoding.cells import columns_of_frame
from components.recipes.regression.serving import serving
from components.recipes.regression.serving.predictor import NumberPredictor, open_predictor
from components.recipes.regression.watch import WATCH, labelled
from tests.components.recipes.regression.conftest import Few

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def predictor(few: Few) -> NumberPredictor:
    return open_predictor(few.bundle)


@pytest.fixture(scope="module")
def rows(few: Few) -> pd.DataFrame:
    """Test rows as a client has them."""
    frame = pd.read_parquet(few.job.paths.prepared(few.job.case) / PREPARED_FILES[TEST])
    return frame.drop(columns=["target", "row"])


def test_the_blend_is_the_weighted_mean_of_values_in_dollars(predictor: NumberPredictor, rows: pd.DataFrame) -> None:
    encoded = predictor.encoder.encode(rows)
    alone = {name: score(encoded) for name, score in predictor.member_scores.items()}
    assert all(values.mean() > 50_000 for values in alone.values())
    mixed = sum(one.weight * alone[one.name] for one in predictor.members)
    told = predictor.settings.calibration.apply(mixed)
    assert predictor.score(rows)[:, 0] == pytest.approx(told)


def test_intervals_are_the_margins_of_the_rows_group(predictor: NumberPredictor, rows: pd.DataFrame) -> None:
    encoded = predictor.encoder.encode(rows)
    value, low, high = predictor.scores(encoded).T
    assert ((low <= value) & (value <= high)).all()
    band, margins = predictor.band(encoded, value), predictor.settings.intervals.margins
    code = predictor.codes(encoded)
    assert code is not None
    for place in (0, 1, 2, 3):
        down, up = margins["groups"].get(str(code[place]), margins["rest"])
        assert low[place] == pytest.approx(min(value[place], band.low[place] - down * band.unit[place]))
        assert high[place] == pytest.approx(max(value[place], band.high[place] + up * band.unit[place]))


def test_answers_have_a_value_its_interval_and_reasons_in_dollars(
    predictor: NumberPredictor, rows: pd.DataFrame
) -> None:
    answers = predictor.predict(rows.head(5))
    assert list(answers.columns) == ["value", "low", "high", "reasons", "warnings"]
    found = predictor.answer(columns_of_frame(rows.head(5), predictor.reader.columns))
    for row, reasons in enumerate(found.reasons):
        assert 0 < len(reasons) <= predictor.settings.reasons
        changed = rows.iloc[[row]].copy()
        first = reasons[0]
        changed[first.feature] = predictor.settings.reference[first.feature]
        without = predictor.answer(columns_of_frame(changed, predictor.reader.columns)).score[0, 0]
        assert first.change == pytest.approx(found.score[row, 0] - without, abs=1e-6 * abs(without))
        assert answers["reasons"][row][0].startswith(f"{first.feature} = ")
        assert answers["reasons"][row][0].endswith(")")
        sizes = [abs(one.change) for one in reasons]
        assert sizes == sorted(sizes, reverse=True)


def test_what_is_stated_is_what_the_bundle_says(few: Few) -> None:
    assert serving.stated(few.job, few.bundle) == {"coverage": 0.9}
    found = serving.answers(few.job, few.bundle, TEST)
    assert found.score.shape == (len(found.target), 3)
    assert set(serving.metrics(few.job, few.bundle)) == {"rmse", "mae", "r2", "pinball", "coverage", "width"}


def test_monitoring_sees_values_widths_and_the_targets_that_are_known(few: Few, rows: pd.DataFrame) -> None:
    raw = rows.assign(Sale_Price=[str(price) for price in range(100_000, 100_000 + len(rows))])
    raw.loc[raw.index[:2], "Sale_Price"] = "NA"
    seen = WATCH.observe(few.job, few.bundle, raw)
    assert list(seen.scores.columns) == ["value", "width"]
    assert isinstance(seen.labelled, Answers)
    assert len(seen.labelled.target) == len(rows) - 2
    assert seen.labelled.target[0] == 100_002
    assert labelled(rows, np.zeros((len(rows), 3)), few.job.prepare) is None

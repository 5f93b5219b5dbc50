import numpy as np
import pytest

from components.kits.tables.learning.additive import AdditiveModel, PiecewiseCubic

# 2s³ - s² + 3s + 1 from 0 to 1 and, continuing at 5 with another slope, 4(s) + 5 from 1 to 3.
CURVE = PiecewiseCubic(np.array([0.0, 1.0, 3.0]), np.array([[2.0, -1.0, 3.0, 1.0], [0.0, 0.0, 4.0, 5.0]]))


def test_inside_it_is_the_cubic_of_its_interval() -> None:
    assert CURVE(np.array([0.0, 0.5, 1.0, 2.0, 3.0])) == pytest.approx(
        [1, 2 * 0.125 - 0.25 + 1.5 + 1, 5, 4 * (2 - 1) + 5, 4 * (3 - 1) + 5]
    )


def test_outside_it_goes_on_along_its_slope() -> None:
    # The slope at 0 is 3, at 3 it is 4.
    assert CURVE(np.array([-2.0, 5.0])) == pytest.approx([1 + 3 * (-2), 13 + 4 * (5 - 3)])


def test_the_slope_at_the_right_end_is_that_of_the_last_cubic() -> None:
    curve = PiecewiseCubic(np.array([1.0, 3.0]), np.array([[1.0, 1.0, 1.0, 1.0]]))
    # s³ + s² + s + 1 at s = 2 is 15, its slope 3·4 + 2·2 + 1 = 17.
    assert curve(np.array([3.0, 4.0])) == pytest.approx([15, 15 + 17])


def test_curves_and_tables_add_up() -> None:
    model = AdditiveModel.from_json(
        {
            "intercept": 0.5,
            "columns": [1],
            "curves": [{"knots": [0.0, 1.0], "coefficients": [[0.0, 0.0, 2.0, 0.0]]}],
            "tables": [[0.0, -1.0], [0.1, 0.2, 0.3]],
        }
    )
    numeric = np.array([[99.0, 1.0], [99.0, -3.0]], dtype=np.float32)
    categorical = np.array([[1, 2], [0, 0]])
    assert model.line(numeric, categorical) == pytest.approx([0.5 + 2 * 1 - 1 + 0.3, 0.5 + 2 * -3 + 0 + 0.1])


def test_a_model_without_columns_says_its_intercept() -> None:
    model = AdditiveModel.from_json({"intercept": -1.0, "columns": [], "curves": [], "tables": []})
    assert model.line(np.zeros((3, 0)), np.zeros((3, 0), int)) == pytest.approx([-1.0] * 3)


def test_models_of_several_answers_are_those_of_one_beside_each_other() -> None:
    curves = [[[2.0, -1.0, 3.0, 1.0], [0.0, 0.0, 4.0, 5.0]], [[0.0, 1.0, 0.0, 0.0], [0.5, 0.0, 2.0, 1.0]]]
    tables = [[0.0, -1.0], [0.5, 0.25]]

    def model(curve: object, table: object, intercept: object) -> AdditiveModel:
        content = {"knots": [0.0, 1.0, 3.0], "coefficients": curve}
        return AdditiveModel.from_json({"intercept": intercept, "columns": [0], "curves": [content], "tables": [table]})

    numeric, codes = np.array([[-2.0], [0.5], [2.0], [5.0]], np.float32), np.array([[0], [1], [1], [0]])
    alone = [model(curves[one], tables[one], float(one)).line(numeric, codes) for one in range(2)]
    both = model(np.stack(curves, axis=-1).tolist(), np.stack(tables, axis=-1).tolist(), [0.0, 1.0])
    assert both.line(numeric, codes) == pytest.approx(np.column_stack(alone))

import pytest

from pipelines.commands.crossval import differences, mean


def test_a_metric_that_a_fold_does_not_define_has_no_mean_and_no_difference() -> None:
    """A calibration slope is none where the scores part the classes."""
    folds = [{"auc": 1.0}, {"auc": 0.9, "calibration_slope": 1.2}]
    assert mean(folds) == mean(folds[::-1]) == {"auc": pytest.approx(0.95)}
    found = [{"model": one, "logistic": {"auc": 0.8, "calibration_slope": 1.0}} for one in folds[::-1]]
    compared = differences(found, "logistic")
    assert list(compared) == ["auc"]
    assert compared["auc"]["folds"] == pytest.approx([0.1, 0.2])
    assert compared["auc"]["standard_error"] == pytest.approx(0.05)

"""What `casebook run -S` hands to DVC, and what it refuses."""

from pathlib import Path
from typing import Any

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser

from components.core.errors import CasebookError
from pipelines.experiments import experiment_arguments, in_hydra
from tests.toy.jobs import toy_job

VALUES = [
    *(None, True, 3, 0.003, 1e-7, "no", "1e-4", "", "a b: c, d", 'say "so"', '\\"', "C:\\", "a\\b"),
    *([1, "a", None], {"kind": "float", "low": 0.1, "log": True}),
]


@pytest.mark.parametrize("value", VALUES)
def test_dvc_reads_a_value_as_it_was_given(value: Any) -> None:
    (found,) = OverridesParser.create().parse_overrides([f"++cases.toy.key={in_hydra(value)}"])
    assert found.value() == value
    assert type(found.value()) is type(value) or isinstance(value, str)


def test_known_keys_become_the_arguments_of_an_experiment(tmp_path: Path) -> None:
    job = toy_job("finance_risk", tmp_path)
    assert experiment_arguments(job, ["fit.lr=3e-3", "evaluate.notice='none: yet'"]) == [
        *("exp", "run", "-S", "++cases.finance_risk.fit.lr=0.003"),
        *("-S", '++cases.finance_risk.evaluate.notice="none: yet"', "release@finance_risk"),
    ]


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("fit.lr", "write KEY=VALUE"),
        ("fit.learning=1", r"has no key 'fit.learning'"),
        ("fit.l=1", r"has no key 'fit.l'; did you mean 'fit.lr'\?"),
        ("fit.lr=-1", "fit.lr: Input should be greater than 0"),
        ("fit.lr=fast", "fit.lr: Input should be a valid number"),
        ("model.network.k=0.5", "model.network.k"),
        ("fit.lr=[", "not YAML"),
    ],
)
def test_what_does_not_fit_is_one_message(tmp_path: Path, setting: str, message: str) -> None:
    with pytest.raises(CasebookError, match=message):
        experiment_arguments(toy_job("finance_risk", tmp_path), [setting])

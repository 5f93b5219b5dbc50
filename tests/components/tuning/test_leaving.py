"""Studies of a case that has another name since: they go on as undisturbed ones would."""

from dataclasses import replace
from pathlib import Path

import optuna
import pytest
from optuna.trial import TrialState

from components.core.files import read_json, write_json
from components.core.parts import Training
from components.tuning.leaving import delete_shared_study, rename_studies
from components.tuning.study import records
from tests.components.tuning.parabola import Fake, KilledError, job_of, run

OLD, NEW = "finance_risk", "loans"


def killed_at(count: int) -> Fake:
    def kill(fits: int) -> None:
        if fits == count:
            raise KilledError

    return Fake(after=kill)


def names(state: Path) -> list[str]:
    return optuna.get_all_study_names(f"sqlite:///{state / 'study.db'}")


def test_a_study_that_was_cut_off_goes_on_under_the_new_name_to_the_same_end(
    training: Training, tmp_path: Path
) -> None:
    job = job_of(tmp_path)
    undisturbed = run(job, training, Fake(), tmp_path / "whole" / "a")
    state = tmp_path / "search" / "a"
    with pytest.raises(KilledError):
        run(job, training, killed_at(3), state)
    rename_studies(tmp_path / "search", OLD, NEW)
    assert names(state) == [f"{NEW}-a"]
    study = optuna.load_study(study_name=f"{NEW}-a", storage=f"sqlite:///{state / 'study.db'}")
    assert [trial.state for trial in study.trials] == [TrialState.COMPLETE] * 2 + [TrialState.RUNNING]
    fake = Fake()
    found = run(replace(job, case=NEW), training, fake, state)
    assert len(fake.jobs) == 3
    assert names(state) == [f"{NEW}-a"]
    assert [(one.params, one.value) for one in records(found) if one.state == "COMPLETE"] == [
        (one.params, one.value) for one in records(undisturbed)
    ]


def test_a_copy_that_was_cut_off_is_made_anew_and_other_studies_keep_their_names(tmp_path: Path) -> None:
    state = tmp_path / "a"
    state.mkdir()
    url = f"sqlite:///{state / 'study.db'}"
    for name in (f"{OLD}-a", f"{OLD}-a-2", f"{OLD}-b", f"{NEW}-a"):
        optuna.create_study(study_name=name, storage=url)
    study = optuna.load_study(study_name=f"{OLD}-a", storage=url)
    study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=2)
    told = [(one.number, one.values, one.params) for one in study.trials]
    write_json(state / "study.json", {"name": f"{OLD}-a-2"})
    for _ in range(2):
        rename_studies(tmp_path, OLD, NEW)
        assert sorted(names(state)) == [f"{OLD}-b", f"{NEW}-a", f"{NEW}-a-2"]
    copied = optuna.load_study(study_name=f"{NEW}-a", storage=url)
    assert [(one.number, one.values, one.params) for one in copied.trials] == told
    assert read_json(state / "study.json") == {"name": f"{NEW}-a-2"}


def test_of_a_shared_database_the_state_s_own_study_goes(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'team.db'}"
    for name in (f"{OLD}-a", f"{OLD}-b"):
        optuna.create_study(study_name=name, storage=url)
    state = tmp_path / "a"
    state.mkdir()
    delete_shared_study(state, url)
    assert len(optuna.get_all_study_names(url)) == 2
    write_json(state / "study.json", {"name": f"{OLD}-a"})
    for _ in range(2):
        delete_shared_study(state, url)
        assert optuna.get_all_study_names(url) == [f"{OLD}-b"]

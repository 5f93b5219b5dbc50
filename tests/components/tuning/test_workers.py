"""One worker over a shared study, in SQLite: a file for the database, a parabola for the fit."""

from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.trial import TrialState

from components.core.errors import CasebookError
from components.core.job import Job
from components.core.parts import Training
from components.tuning import workers
from components.tuning.shared import Presence, Shared, fail_lost, open_shared, turn
from components.tuning.study import open_study, records
from components.tuning.trials import INDEX, FitFunctions, trial_state
from components.tuning.workers import WORKER, work
from tests.components.tuning.parabola import Fake, KilledError, job_of, run, told

pytestmark = [
    pytest.mark.slow,  # a study in a database of its own for each: 20 s of CPU together
    pytest.mark.filterwarnings("ignore:Heartbeat of storage"),  # trials are asked for here, as a worker does
]

WORKERS = {"search__lost_after_s": 4, "search__retries": 2}


def shared_of(job: Job, training: Training, state: Path) -> Shared:
    return open_shared(job, training, f"sqlite:///{state / 'study.db'}", state)


def take_part(job: Job, training: Training, fake: Fake, state: Path) -> optuna.Study:
    state.mkdir(parents=True, exist_ok=True)
    shared = shared_of(job, training, state)
    work(shared, job, training, FitFunctions(fake.run, fake.resume_point), tell=lambda _: None)
    return shared.study


@pytest.mark.parametrize("prune", [False, True])
def test_one_worker_alone_finds_what_the_plain_search_finds(training: Training, tmp_path: Path, prune: bool) -> None:
    job = job_of(tmp_path, search__prune=prune, **WORKERS)
    plain = run(job, training, Fake(epochs=4), tmp_path / "plain" / "same")
    found = take_part(job, training, Fake(epochs=4), tmp_path / "shared" / "same")
    assert told(found) == told(plain)
    assert not list((tmp_path / "shared" / "same").glob("trial-????"))


@pytest.mark.parametrize("cut", [1, 3])
def test_a_trial_whose_process_is_gone_is_begun_again_at_once_where_it_stopped(
    training: Training, tmp_path: Path, cut: int
) -> None:
    job = job_of(tmp_path, search__lost_after_s=3600)
    whole = run(job, training, Fake(epochs=3), tmp_path / "whole" / "same")

    def kill(trial: int) -> None:
        if trial == cut:
            raise KilledError

    state, killed = tmp_path / "cut" / "same", Fake(epochs=3, after=kill)
    with pytest.raises(KilledError):
        take_part(job, training, killed, state)
    resumed = Fake(epochs=3)
    found = take_part(job, training, resumed, state)
    assert told(found) == told(whole)
    assert resumed.states[0] == killed.states[-1]
    assert len(resumed.jobs) == 5 - (cut - 1)
    assert [trial.state for trial in found.trials].count(TrialState.FAIL) == 1


def test_a_trial_is_begun_again_no_more_often_than_allowed(training: Training, tmp_path: Path) -> None:
    job = job_of(tmp_path, search__lost_after_s=3600, search__retries=1, search__trials=2)

    class Poison(Fake):
        """The second trial ends its process, whenever it is tried."""

        def run(self, *values, state: Path, **named):  # type: ignore[no-untyped-def]
            if state == trial_state(tmp_path / "a", 1):
                raise KilledError
            return super().run(*values, state=state, **named)

    for _ in range(2):
        with pytest.raises(KilledError):
            take_part(job, training, Poison(), tmp_path / "a")
    found = take_part(job, training, Poison(), tmp_path / "a")
    ended = [(trial.state.name, trial.user_attrs["index"]) for trial in found.trials]
    assert ended == [("COMPLETE", 0), ("FAIL", 1), ("FAIL", 1), ("COMPLETE", 2)]


def test_no_more_trials_are_taken_than_are_wanted(training: Training, tmp_path: Path) -> None:
    job = job_of(tmp_path, search__trials=2, search__lost_after_s=3600)
    state = tmp_path / "a"
    seen: list[int] = []

    def look(_: int) -> None:
        # While the last trial runs another worker finds nothing to do, and what runs is not lost.
        shared = shared_of(job, training, state)
        presence = Presence(state)
        with turn(shared):
            fail_lost(shared, presence)
        presence.leave()
        states = [trial.state for trial in shared.study.trials]
        seen.append(states.count(TrialState.RUNNING) + states.count(TrialState.COMPLETE))

    take_part(job, training, Fake(after=look), state)
    assert seen == [1, 2]


def beat(shared: Shared, number: int) -> None:
    study = shared.storage.get_study_id_from_name(shared.study.study_name)
    shared.storage.record_heartbeat(shared.storage.get_trial_id_from_study_id_trial_number(study, number))


@pytest.mark.parametrize("look", range(1, 6))
def test_a_trial_that_completes_while_another_worker_looks_is_wanted_once(
    training: Training, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, look: int
) -> None:
    job = job_of(tmp_path, search__trials=1, search__lost_after_s=3600)
    busy, shared = Presence(tmp_path), shared_of(job, training, tmp_path)
    taken = shared.study.ask()
    beat(shared, taken.number)
    taken.set_user_attr(INDEX, 0)
    taken.set_user_attr(WORKER, busy.tag(taken.number))
    whole, looks = shared.study.get_trials, 0

    def complete_after(*values: Any, **named: Any) -> Any:
        nonlocal looks
        looks += 1
        found = whole(*values, **named)
        if looks == look:
            optuna.load_study(study_name=shared.study.study_name, storage=shared.storage).tell(taken.number, 0.5)
            busy.leave()
        return found

    monkeypatch.setattr(shared.study, "get_trials", complete_after)
    monkeypatch.setattr(workers, "POLL_SECONDS", 0.0)
    idle = Fake()
    work(shared, job, training, FitFunctions(idle.run, idle.resume_point), tell=lambda _: None)
    assert looks > look
    assert idle.jobs == []
    assert [(trial.number, trial.value) for trial in shared.study.trials] == [(taken.number, 0.5)]


def test_a_trial_of_another_machine_is_lost_only_after_its_silence(training: Training, tmp_path: Path) -> None:
    job = job_of(tmp_path, **WORKERS)
    shared = shared_of(job, training, tmp_path)
    presence = Presence(tmp_path)
    trial = shared.study.ask()
    beat(shared, trial.number)
    trial.set_user_attr(WORKER, presence.tag(trial.number) | {"host": "elsewhere", "name": "gone"})
    assert not presence.lost(shared.study.trials[0])
    trial.set_user_attr(WORKER, presence.tag(trial.number) | {"name": "gone"})
    assert presence.lost(shared.study.trials[0])
    trial.set_user_attr(WORKER, presence.tag(trial.number))
    assert not presence.lost(shared.study.trials[0])
    presence.leave()
    assert presence.lost(shared.study.trials[0])


def test_a_trial_that_was_given_away_meanwhile_is_not_told_twice(training: Training, tmp_path: Path) -> None:
    job = job_of(tmp_path, search__trials=1, **WORKERS)

    def give_away(trial: int) -> None:
        if trial == 1:
            study = open_study(job, training, f"sqlite:///{tmp_path / 'study.db'}", tmp_path)
            study.tell(0, state=TrialState.FAIL)

    found = take_part(job, training, Fake(after=give_away), tmp_path)
    assert [record.state for record in records(found)] == ["FAIL", "COMPLETE"]


def test_any_other_error_ends_the_worker_and_its_trial(training: Training, tmp_path: Path) -> None:
    class Broken(Fake):
        def run(self, *_, **__):  # type: ignore[no-untyped-def]
            raise CasebookError("train.parquet: not found")

    with pytest.raises(CasebookError, match=r"train\.parquet: not found"):
        take_part(job_of(tmp_path), training, Broken(), tmp_path / "a")
    study = open_study(job_of(tmp_path), training, f"sqlite:///{tmp_path / 'a' / 'study.db'}", tmp_path / "a")
    assert [trial.state for trial in study.trials] == [TrialState.FAIL]


def test_a_complete_study_is_left_and_another_begun(training: Training, tmp_path: Path) -> None:
    """As in a team's database, which outlives the state of a checkout."""
    job, url = job_of(tmp_path, search__trials=1), f"sqlite:///{tmp_path / 'team.db'}"
    names = []
    for checkout in ("a", "b", "c"):
        state = tmp_path / checkout / "digest"
        shared = open_shared(job, training, url, state)
        work(shared, job, training, FitFunctions(Fake().run, Fake().resume_point), tell=lambda _: None)
        names.append(shared.study.study_name)
        assert open_shared(job, training, url, state).study.study_name == names[-1]  # a state goes on in its own
    assert names == [f"finance_risk-digest{number}" for number in ("", "-2", "-3")]
    with pytest.raises(CasebookError, match="no search of this code"):
        open_shared(job, training, url, tmp_path / "d" / "digest", join=True)


def test_a_study_under_way_is_joined(training: Training, tmp_path: Path) -> None:
    job, url = job_of(tmp_path), f"sqlite:///{tmp_path / 'team.db'}"
    first = open_shared(job, training, url, tmp_path / "a" / "digest")
    joined = open_shared(job, training, url, tmp_path / "b" / "digest", join=True)
    assert joined.study.study_name == first.study.study_name


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("postgresql+psycopg://me:secret@127.0.0.1:9/none", r"me:\*\*\*@127\.0\.0\.1:9/none cannot be used"),
        ("sqlite:////nowhere/at/all.db", "unable to open database file"),
    ],
)
def test_a_database_that_does_not_answer_is_one_message_without_its_password(
    training: Training, tmp_path: Path, url: str, expected: str
) -> None:
    with pytest.raises(CasebookError, match=expected) as found:
        open_shared(job_of(tmp_path), training, url, tmp_path)
    assert "secret" not in str(found.value)

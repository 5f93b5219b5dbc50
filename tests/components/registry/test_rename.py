"""A case under another name in a real store: its champion, ledger, versions and runs are as they were."""

import pytest

from components.core.errors import CasebookError
from components.registry.champion import champion_at, champion_version
from components.registry.ledger import history
from components.registry.promote import rollback, settle
from components.registry.register import bundle_of, register
from components.registry.rename import check_free, rename
from components.registry.trace import trace
from components.tracking.runs import new_run
from components.tracking.track import Tracker
from tests.components.registry.toys import CASE, METRICS, PASSED, make_release

pytestmark = pytest.mark.usefixtures("toy")
NEW = "renamed_case"


def champions(tracker: Tracker) -> None:
    for income in (0.1, 0.2):
        version = register(tracker, make_release(tracker, income))
        settle(tracker, CASE, version, PASSED, METRICS, champion_version(tracker, CASE))


def test_aliases_ledger_experiment_and_bundles_have_the_new_name(tracker: Tracker) -> None:
    champions(tracker)
    before, ledger, run = champion_at(tracker, CASE), history(tracker, CASE), tracker.experiment(CASE)
    rename(tracker, CASE, NEW)
    assert before is not None
    assert champion_at(tracker, NEW) == {**before, "name": NEW}
    assert history(tracker, NEW) == ledger
    assert [history(tracker, CASE), champion_at(tracker, CASE)] == [[], None]
    files = [path.name for path in (tracker.root / "ledger").iterdir()]
    assert files == [f"{NEW}.jsonl"]
    assert str(tracker.client.get_model_version_by_alias(NEW, "candidate").version) == "2"
    assert tracker.experiment(NEW) == run
    assert f"#/models/{NEW}/versions/2" in (tracker.client.get_registered_model(NEW).description or "")
    assert bundle_of(tracker, NEW, "1").is_dir()
    assert rollback(tracker, NEW).version == "1"


def test_a_version_is_traced_to_the_lock_of_the_name_it_was_made_under(tracker: Tracker) -> None:
    champions(tracker)
    before = trace(tracker, CASE)
    rename(tracker, CASE, NEW)
    assert trace(tracker, NEW) == {**before, "case": NEW}
    assert sorted(before["lock"]["outs"]) == [f"data/prepared/{CASE}", f"data/raw/{CASE}", f"models/{CASE}/fitted"]


def test_done_twice_or_after_half_of_it_it_is_done(tracker: Tracker) -> None:
    champions(tracker)
    tracker.client.rename_registered_model(CASE, NEW)
    for _ in range(2):
        rename(tracker, CASE, NEW)
        assert champion_version(tracker, NEW) == "2"
        assert tracker.client.get_experiment_by_name(CASE) is None
    rename(tracker, "never_seen", "nor_this")
    check_free(tracker, CASE)


def test_a_name_that_mlflow_has_is_refused(tracker: Tracker) -> None:
    champions(tracker)
    new_run(tracker, NEW, "fit", {})
    with pytest.raises(CasebookError, match=f"an experiment '{NEW}' already"):
        check_free(tracker, NEW)
    with pytest.raises(CasebookError, match=f"experiments '{CASE}' and '{NEW}'"):
        rename(tracker, CASE, NEW)
    assert champion_version(tracker, CASE) == "2"
    tracker.client.create_registered_model(NEW)
    with pytest.raises(CasebookError, match=f"registered models '{CASE}' and '{NEW}'"):
        rename(tracker, CASE, NEW)

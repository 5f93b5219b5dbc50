"""New events for the toy model: what is added, what was known, what cannot be taken, and how it is answered."""

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest

from components.core.files import dvc_md5
from components.core.forgotten import digest_of
from components.core.histories import read_kept
from components.core.parts import NewEvents
from components.recipes.next_item.catch_up import catch_up, clicked_once
from components.recipes.next_item.encoding.histories import ORDER
from components.recipes.next_item.serving.predictor import RankingPredictor, open_predictor
from components.recipes.next_item.serving.serving import known_rows, raw_rows, write_histories
from tests.components.recipes.next_item.conftest import Untrained

LATE = 2_000_000_000  # later than any of the toy rows


@pytest.fixture(scope="module")
def released(untrained: Untrained, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("histories")
    write_histories(untrained.job, untrained.bundle, folder)
    return folder


def caught_up(untrained: Untrained, before: Path, rows: pd.DataFrame, folder: Path) -> tuple[NewEvents, Path]:
    source = folder / "new.csv"
    rows.to_csv(source, index=False)
    job = untrained.job.with_values({"prepare.max_rejected": 0.2})
    found = catch_up(job, untrained.bundle, before, source, folder / "work")
    after = folder / "after"
    after.mkdir()
    found.write(after)
    return found, after


def knowing(untrained: Untrained, folder: Path) -> RankingPredictor:
    predictor = open_predictor(untrained.bundle)
    predictor.know(folder)
    return predictor


def events(*rows: tuple[object, ...]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["user_id", "item_id", "timestamp", "rating"])


def test_release_keeps_every_event_the_tests_too(untrained: Untrained, released: Path) -> None:
    kept = read_kept(released)
    rows = known_rows(untrained.job, len(open_predictor(untrained.bundle).catalogue.user_ids))
    assert kept is not None
    assert (kept.events, kept.users) == (len(rows), rows["user_id"].nunique())
    assert kept.until == pd.Timestamp(rows["timestamp"].max(), unit="s", tz="UTC").isoformat()


def test_the_source_as_it_was_brings_nothing_and_gives_the_same_bytes(
    untrained: Untrained, released: Path, tmp_path: Path
) -> None:
    raw = untrained.job.paths.raw(untrained.job.case)
    found = catch_up(untrained.job, untrained.bundle, released, raw, tmp_path / "work")
    assert (found.added, found.users) == (0, 0)
    kept = read_kept(released)
    assert kept is not None
    assert (found.known, found.until) == (kept.events, kept.until)
    (tmp_path / "after").mkdir()
    found.write(tmp_path / "after")
    assert dvc_md5(tmp_path / "after") == dvc_md5(released)


def test_new_events_are_added_in_their_order_and_told(untrained: Untrained, released: Path, tmp_path: Path) -> None:
    catalogue = open_predictor(untrained.bundle).catalogue
    user, (first, second) = catalogue.user_ids[0], catalogue.item_ids[:2]
    old = known_rows(untrained.job, 1)
    rows = pd.concat(
        [
            events((user, second, LATE + 1, 4), (user, first, LATE, 2), ("stranger", first, LATE, 5)),
            events(("stranger", "no such film", LATE + 9, 5), ("nobody", "no such film", LATE, 5)),
            events((user, first, "", 3)),
            old.tail(2),  # told again
        ]
    )
    found, after = caught_up(untrained, released, rows, tmp_path)
    assert (found.added, found.users, found.known) == (3, 2, 2)
    assert found.counts == {
        "events of unknown items": 2,
        "unknown items": 1,
        "unknown users": 1,
        "unreadable rows": 1,
    }
    assert [line.split(", such")[0] for line in found.told] == [
        "1 row(s) are left out: timestamp: no value",
        "2 event(s) of 1 item(s) that the model does not know",
        "1 user(s) whom the model does not know",
    ]
    kept, before = read_kept(after), read_kept(released)
    assert kept is not None
    assert before is not None
    assert (kept.events, kept.users) == (before.events + 3, before.users + 1)
    whole = pd.concat([old, events((user, first, LATE, 2), (user, second, LATE + 1, 4), ("stranger", first, LATE, 5))])
    predictor = knowing(untrained, after)
    asked = pd.DataFrame({"user_id": [user, "stranger"]})
    pd.testing.assert_frame_equal(predictor.recommend(asked, top=9), predictor.recommend(whole, top=9))


def test_what_is_caught_up_with_twice_is_there_once_and_strangers_stay(
    untrained: Untrained, released: Path, tmp_path: Path
) -> None:
    film, other = open_predictor(untrained.bundle).catalogue.item_ids[:2]
    places = [tmp_path / name for name in ("one", "two", "three")]
    for place in places:
        place.mkdir()
    _, first = caught_up(untrained, released, events(("new", film, LATE, 5)), places[0])
    again, second = caught_up(untrained, first, events(("new", film, LATE, 5), ("newer", film, LATE, 5)), places[1])
    assert (again.added, again.known, again.counts["unknown users"]) == (1, 1, 1)
    last, third = caught_up(untrained, second, events(("newer", other, LATE + 5, 5)), places[2])
    assert (last.added, last.counts["unknown users"]) == (1, 0)
    stored = knowing(untrained, third).stored
    places_of = [stored.others[name] for name in ("new", "newer")]
    assert stored.histories.of(pd.Series(places_of).to_numpy()).lengths.tolist() == [1, 2]


def test_the_forgotten_are_left_out_of_what_was_kept_and_of_what_is_new(
    untrained: Untrained, released: Path, tmp_path: Path
) -> None:
    catalogue = open_predictor(untrained.bundle).catalogue
    user, film = catalogue.user_ids[0], catalogue.item_ids[0]
    (tmp_path / "one").mkdir()
    rows = events(("gone", film, LATE, 5), ("stays", film, LATE, 5))
    _, first = caught_up(untrained, released, rows, tmp_path / "one")
    forgotten = {"forgotten": [digest_of([user]), digest_of(["gone"])]}
    params = untrained.job.params
    job = replace(untrained.job, params=params.model_copy(update={"prepare": {**params.prepare, **forgotten}}))
    rows.to_csv(tmp_path / "rows.csv", index=False)
    found = catch_up(job, untrained.bundle, first, tmp_path / "rows.csv", tmp_path / "work")
    (tmp_path / "left").mkdir()
    found.write(tmp_path / "left")
    assert (found.added, found.known) == (0, 1)
    kept, before = read_kept(tmp_path / "left"), read_kept(released)
    assert kept is not None
    assert before is not None
    assert kept.events == before.events + 1 - len(raw_rows(untrained.job, pd.Series([0]).to_numpy(), ORDER))
    assert list(knowing(untrained, tmp_path / "left").stored.others) == ["stays"]


def test_double_clicks_are_one_as_in_training() -> None:
    """A click 3 s after one that was known before, and one 6 s after that: the chain ends where the gap is longer."""
    whole = pa.table({"user": [0, 0, 0, 0, 1], "item": [5, 5, 6, 5, 5], "time": [10, 13, 14, 19, 12]})
    for spec, left in (
        ({}, [10, 13, 14, 19, 12]),
        ({"merge_within": 5}, [10, 14, 19, 12]),
        ({"merge_within": 6}, [10, 14, 12]),
    ):
        assert clicked_once(whole, {"spec": spec})["time"].to_pylist() == left

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from components.core.errors import CasebookError
from components.core.forgotten import digest_of
from components.core.histories import read_kept
from components.recipes.next_item.predict import predict_file
from components.recipes.next_item.serving.predictor import open_predictor
from components.recipes.next_item.serving.stored import encoders_of, write_stored
from tests.components.recipes.next_item.serving.tiny import write_tiny

# user, item, time, rating: the places of "1", "2", and of a stranger after "3"
EVENTS = pa.table(
    {
        "user": pa.array([0, 0, 0, 1, 3], pa.int32()),
        "item": pa.array([0, 1, 3, 2, 4], pa.int32()),
        "time": pa.array([100, 200, 900, 150, 950], pa.int64()),
        "rating": pa.array([5, 3, None, 2, 1], pa.float32()),
    }
)
EVERY = 6  # items


@pytest.fixture
def known(tmp_path: Path) -> tuple[Path, Path]:
    bundle, folder = write_tiny(tmp_path / "bundle"), tmp_path / "histories"
    folder.mkdir()
    write_stored(folder, EVENTS, ["new"], encoders_of(open_predictor(bundle).catalogue))
    return bundle, folder


def seen(bundle: Path, folder: Path | None, user: str, gone: str | None = None) -> list[str]:
    """The items that are left out of all that a user could be recommended."""
    predictor = open_predictor(bundle)
    if folder is not None:
        predictor.know(folder)
    predictor.forget([] if gone is None else [digest_of([gone])])
    answers = predictor.recommend(pd.DataFrame({"user_id": [user]}), top=EVERY)
    return sorted({str(item) for item in predictor.catalogue.item_ids} - set(answers["item"]))


def test_users_are_answered_by_what_is_stored_beside_the_weights(known: tuple[Path, Path]) -> None:
    bundle, folder = known
    assert seen(bundle, None, "1") == ["10", "11"]  # as at the fit
    assert seen(bundle, folder, "1") == ["10", "11", "13"]
    assert seen(bundle, folder, "3") == []
    assert seen(bundle, folder, "new") == ["14"]  # whom the model does not know
    assert seen(bundle, folder, "newer") == []
    kept = read_kept(folder)
    assert kept is not None
    assert (kept.events, kept.users, kept.until) == (5, 3, "1970-01-01T00:15:50+00:00")


def test_all_users_are_those_who_have_come_since_too(known: tuple[Path, Path], tmp_path: Path) -> None:
    bundle, folder = known
    options = {"users": "all", "top": 1, "histories": folder, "forgotten": (digest_of(["2"]),)}
    predict_file(bundle, tmp_path / "users.csv", tmp_path / "all.parquet", options)
    assert pd.read_parquet(tmp_path / "all.parquet")["user"].tolist() == ["1", "3", "new"]


def test_the_same_events_stored_or_given_have_the_same_answer(known: tuple[Path, Path]) -> None:
    bundle, folder = known
    predictor = open_predictor(bundle)
    predictor.know(folder)
    ids = np.array(["1", "2", "3", "new"], object)
    rows = pd.DataFrame(
        {
            "user_id": ids[EVENTS["user"].to_numpy()],
            "item_id": predictor.catalogue.item_ids[EVENTS["item"].to_numpy()],
            "timestamp": EVENTS["time"].to_numpy(),
            "rating": EVENTS["rating"].to_numpy(),
        }
    )
    users = pd.DataFrame({"user_id": ["1", "2", "new"]})
    pd.testing.assert_frame_equal(predictor.recommend(users), predictor.recommend(rows))


@pytest.mark.parametrize("user", ["1", "new"])
def test_who_is_forgotten_is_a_stranger_to_what_is_stored_too(known: tuple[Path, Path], user: str) -> None:
    bundle, folder = known
    assert seen(bundle, folder, user, gone=user) == []
    assert seen(bundle, folder, "2", gone=user) == ["12"]


def test_events_of_other_users_or_items_and_damaged_ones_are_refused(known: tuple[Path, Path], tmp_path: Path) -> None:
    bundle, folder = known
    other = tmp_path / "other"
    other.mkdir()
    write_stored(other, EVENTS, ["new"], "another digest")
    with pytest.raises(CasebookError, match="other: of a model with other users or items than"):
        open_predictor(bundle).know(other)
    (folder / "others.parquet").write_bytes(b"")
    with pytest.raises(CasebookError, match=r"others\.parquet: damaged"):
        open_predictor(bundle).know(folder)
    with pytest.raises(CasebookError, match="no histories in it"):
        open_predictor(bundle).know(tmp_path)

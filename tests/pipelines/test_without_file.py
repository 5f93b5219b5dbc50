"""`casebook predict` where options of the case say who is answered, by a small bundle in the place of a smoke run's."""

from pathlib import Path

import pandas as pd
import pytest

from components.core.errors import CasebookError
from components.core.job import AnyJob, Paths
from pipelines.commands.predicting import STANDARD, predict
from pipelines.commands.smoke import SMOKE
from tests.components.recipes.next_item.serving.tiny import write_tiny
from tests.toy.jobs import toy_job


@pytest.fixture
def job(tmp_path: Path) -> AnyJob:
    write_tiny(Paths(tmp_path / SMOKE / "recommender").bundle("recommender"))
    return toy_job("recommender", tmp_path)


def asked(job: AnyJob, source: Path | None, out: Path | None, *options: str) -> int:
    return predict(job, source, out, None, options, log=None, smoke=True)


def test_every_user_is_answered_and_items_like_one(job: AnyJob, tmp_path: Path) -> None:
    assert asked(job, None, tmp_path / "all.csv", "users=all", "top=1") == 3
    assert pd.read_csv(tmp_path / "all.csv", dtype=str)["user"].tolist() == ["1", "2", "3"]
    assert asked(job, None, tmp_path / "like.json", "like-item=12", "top=2") == 2


@pytest.mark.parametrize(
    ("source", "options", "told"),
    [
        (
            None,
            (),
            "recommender: say what to answer: a file as IN, or - for the standard input, or --users, or --like-",
        ),
        ("rows.csv", ("users=all",), "--users says who is answered, and so does IN; leave one out"),
        (STANDARD, ("like-item=12",), "--like-item says who is answered, and so does IN; leave one out"),
        (None, ("users=all", "like-item=12"), "--users says who is answered, and so does --like-item; leave one out"),
        (None, ("users=some",), "--users: Input should be 'all', not 'some'"),
        (None, ("like-item=99",), "item '99': the model does not know it"),
    ],
)
def test_it_is_said_once_who_is_answered(
    job: AnyJob, tmp_path: Path, source: str | Path | None, options: tuple[str, ...], told: str
) -> None:
    with pytest.raises(CasebookError) as error:
        asked(job, Path(source) if source else None, tmp_path / "out.csv", *options)
    assert told in str(error.value)
    assert not (tmp_path / "out.csv").exists()


def test_where_the_answers_go_is_asked_by_the_name_of_the_option(job: AnyJob) -> None:
    with pytest.raises(CasebookError, match=r"^--users: say with --out where its answers go, such"):
        asked(job, None, None, "users=all")

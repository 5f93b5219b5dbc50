"""The data a champion was trained on, when other data lie on disk: from a real DVC cache."""

import pytest
from dvc.repo import Repo

from components.core.files import dvc_md5
from components.core.job import Job, Paths
from pipelines.reference import prepared_of


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> tuple[Job, str, str]:
    """A job, the md5 of the data it was trained on and of those that are there now."""
    root = tmp_path_factory.mktemp("checkout")
    job = Job("toy", None, Paths(root), None)  # type: ignore[arg-type]  # its params are not asked
    folder = job.paths.prepared("toy")
    (folder / "more").mkdir(parents=True)
    (folder / "train.parquet").write_text("old rows", encoding="utf-8")
    (folder / "more" / "meta.json").write_text("{}", encoding="utf-8")
    with Repo.init(str(root), no_scm=True) as repo:
        repo.add(str(folder))
    before = dvc_md5(folder)
    (folder / "train.parquet").unlink()  # DVC may have linked it
    (folder / "train.parquet").write_text("new rows", encoding="utf-8")
    return job, before, dvc_md5(folder)


def test_data_that_are_those_on_disk_are_taken_there(checkout):
    job, _, now = checkout
    assert prepared_of(job, now) == (job.paths, "")


def test_others_come_from_the_cache_whole_and_are_kept_for_the_next_time(checkout):
    job, before, now = checkout
    for _ in range(2):
        paths, said = prepared_of(job, before)
        folder = paths.prepared("toy")
        assert dvc_md5(folder) == before
        assert (folder / "train.parquet").read_text(encoding="utf-8") == "old rows"
        assert folder.is_relative_to(job.paths.state("toy"))
        assert (
            said
            == f"the data on disk ({now}) are other ones; compared with the champion's ({before}), from DVC's cache"
        )
    assert dvc_md5(job.paths.prepared("toy")) == now


def test_data_that_are_nowhere_are_said_to_be(checkout):
    job, _, now = checkout
    paths, said = prepared_of(job, "0" * 32 + ".dir")
    assert paths == job.paths
    assert f"neither on disk nor in DVC's cache; compared with those on disk ({now})" in said
    assert not list((job.paths.state("toy") / "monitor").rglob("train.parquet"))


def test_a_champion_that_names_no_data_is_compared_with_those_on_disk(checkout):
    job, _, _ = checkout
    paths, said = prepared_of(job, None)
    assert paths == job.paths
    assert said.startswith("the champion does not say which data it was trained on")

"""From a champion back to its source, and what no longer matches, in a real git repository."""

import json
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from components.core.errors import CasebookError
from components.core.files import dvc_md5
from components.core.job import Paths
from components.core.params.case import CaseParams
from components.core.params.load import load_params
from components.core.params.overrides import override
from components.registry.mismatch import Mismatch
from components.registry.model_files import bundle_in
from components.registry.promote import settle
from components.registry.register import model_of, register
from components.registry.trace import trace
from components.registry.verify import params_digest, verify
from components.tracking.track import Tracker
from tests.components.registry.toys import CASE, CHECKOUT, METRICS, PASSED, make_data, make_release

pytestmark = pytest.mark.usefixtures("toy")


@pytest.fixture
def params() -> CaseParams:
    return load_params(CHECKOUT / "params.yaml").case("finance_risk")


def git(root: Path, *words: str) -> str:
    identity = ["-c", "user.name=Ann", "-c", "user.email=ann@example.org", "-c", "commit.gpgsign=false"]
    done = subprocess.run(["git", "-C", str(root), *identity, *words], capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture
def commit(root: Path) -> str:
    """The checkout as a repository whose one commit holds the lock."""
    make_data(root)
    git(root, "init", "--quiet")
    git(root, "add", "dvc.lock")
    git(root, "commit", "--quiet", "--message", "Add the data")
    return git(root, "rev-parse", "HEAD")


@pytest.fixture
def champion(tracker: Tracker, commit: str, params: CaseParams) -> Tracker:
    release = make_release(tracker, commit=commit)
    release = replace(release, tags={**release.tags, "params_digest": params_digest(params)})
    settle(tracker, CASE, register(tracker, release), PASSED, METRICS, None)
    return tracker


def what(mismatches: list[Mismatch]) -> list[str]:
    return [one.what for one in mismatches]


def test_a_champion_leads_back_to_run_commit_lock_and_source(champion: Tracker, root: Path, commit: str) -> None:
    paths = Paths(root)
    found = trace(champion, CASE)
    assert found["version"] == "1"
    assert found["aliases"] == ["candidate", "champion"]
    assert found["decision"] == "promoted"
    assert found["run"]["status"] == "FINISHED"
    assert found["commit"]["sha"] == commit
    assert (found["commit"]["author"], found["commit"]["subject"]) == ("Ann", "Add the data")
    assert found["flow_run_id"] == "flow-1"
    assert found["digests"]["data_md5"] == dvc_md5(paths.prepared(CASE))
    assert found["lock"] == {
        "from": "commit",
        "outs": {
            f"data/raw/{CASE}": dvc_md5(paths.raw(CASE)),
            f"data/prepared/{CASE}": dvc_md5(paths.prepared(CASE)),
            f"models/{CASE}/fitted": dvc_md5(paths.fitted(CASE)),
        },
    }
    assert found["source"] == {"kind": "file", "licence": "MIT"}
    assert json.loads(json.dumps(found)) == found


def test_nothing_is_wrong_with_what_nobody_touched(champion: Tracker, params: CaseParams) -> None:
    assert verify(champion, CASE, params) == []
    assert verify(champion, CASE, params, "1") == []
    assert verify(champion, CASE, params, "candidate") == []


def test_each_thing_that_changed_is_named_with_its_digests(champion: Tracker, root: Path, params: CaseParams) -> None:
    paths = Paths(root)
    registered = dvc_md5(paths.prepared(CASE))
    (paths.prepared(CASE) / "content.json").write_text("other")
    (paths.fitted(CASE) / "more.json").write_text("{}")
    found = verify(champion, CASE, override(params, {"fit.lr": 0.5}))
    assert what(found) == ["data_md5", "fitted_md5", "params_digest"]
    assert (found[0].registered, found[0].found) == (registered, dvc_md5(paths.prepared(CASE)))
    assert str(paths.prepared(CASE)) in found[0].remedy
    assert "dvc checkout" in found[0].remedy


def test_data_that_is_not_here_is_said_to_be_missing(champion: Tracker, root: Path, params: CaseParams) -> None:
    (root / "data" / "raw" / CASE / "content.json").unlink()
    (root / "data" / "raw" / CASE).rmdir()
    (found,) = verify(champion, CASE, params)
    assert found.what == f"raw_md5 {root / 'data' / 'raw' / CASE}"
    assert found.found == "missing"


def test_a_bundle_that_was_changed_in_the_registry_is_found(champion: Tracker, params: CaseParams) -> None:
    folder = model_of(champion, CASE, "1")
    found_md5 = dvc_md5(bundle_in(folder))
    (bundle_in(folder) / "weights.json").write_text("{}")
    (found,) = verify(champion, CASE, params)
    assert found.what == "registered model"
    assert "weights.json" in found.remedy
    assert trace(champion, CASE)["digests"]["bundle_md5"] == found_md5  # where it came from is still known
    (bundle_in(folder).parent / "lineage" / "source.json").write_text('{"kind": "file", "licence": "mine"}')
    with pytest.raises(CasebookError, match=r"version 1 cannot be read: missing or changed: .*lineage/source\.json"):
        trace(champion, CASE)


def test_a_lock_that_was_committed_after_the_run_is_taken_from_the_model(
    tracker: Tracker, root: Path, commit: str, params: CaseParams
) -> None:
    """The usual order: `dvc repro` writes the lock and releases, then a person commits."""
    (Paths(root).prepared(CASE) / "content.json").write_text("new data")
    make_lock = (root / "dvc.lock").read_text()
    new = make_lock.replace(md5_in(make_lock, "data/prepared"), dvc_md5(Paths(root).prepared(CASE)))
    (root / "dvc.lock").write_text(new)
    release = make_release(tracker, commit=commit)
    release = replace(release, tags={**release.tags, "params_digest": params_digest(params)})
    settle(tracker, CASE, register(tracker, release), PASSED, METRICS, None)
    found = trace(tracker, CASE)
    assert found["lock"]["from"] == "registered"
    assert found["lock"]["outs"][f"data/prepared/{CASE}"] == found["digests"]["data_md5"]
    assert verify(tracker, CASE, params) == []


def md5_in(lock: str, path: str) -> str:
    lines = lock.splitlines()
    place = next(i for i, line in enumerate(lines) if path in line)
    return lines[place + 1].split()[-1]


def test_tags_that_no_lock_agrees_with_are_told(champion: Tracker, params: CaseParams) -> None:
    champion.client.set_model_version_tag(CASE, "1", "raw_md5", "0" * 32 + ".dir")
    assert what(verify(champion, CASE, params)) == ["raw_md5", "dvc.lock raw_md5"]


def test_a_commit_that_this_clone_lacks_is_told(tracker: Tracker, params: CaseParams, tmp_path: Path) -> None:
    release = make_release(tracker, commit="b" * 40)
    release = replace(release, tags={**release.tags, "params_digest": params_digest(params)})
    settle(tracker, CASE, register(tracker, release), PASSED, METRICS, None)
    assert trace(tracker, CASE)["commit"] is None
    assert trace(tracker, CASE)["lock"]["from"] == "registered"
    assert what(verify(tracker, CASE, params)) == ["git_commit"]
    written = tmp_path / "written"  # a tag is anybody's text: git must not take it for an option
    tracker.client.set_model_version_tag(CASE, "1", "git_commit", f"--output={written}")
    assert trace(tracker, CASE)["commit"] is None
    assert not written.exists()


def test_a_version_from_outside_git_and_dvc_can_be_followed(tracker: Tracker, params: CaseParams) -> None:
    release = make_release(tracker, commit="unknown")
    release = replace(release, lineage={**release.lineage, "dvc.lock": ""})
    settle(tracker, CASE, register(tracker, release), PASSED, METRICS, None)
    found = trace(tracker, CASE)
    assert (found["commit"], found["lock"]) == (None, {"from": None, "outs": {}})
    assert what(verify(tracker, CASE, params)) == ["params_digest", "git_commit"]


def test_a_champion_made_by_hand_is_told(champion: Tracker, params: CaseParams, commit: str) -> None:
    release = make_release(champion, 0.9, commit=commit)
    release = replace(release, tags={**release.tags, "params_digest": params_digest(params)})
    version = register(champion, release)
    champion.client.set_registered_model_alias(CASE, "champion", version)
    (found,) = verify(champion, CASE, params)
    assert (found.what, found.registered, found.found) == ("ledger", "version 1", "version 2")


@pytest.mark.parametrize("which", ["champion", "7", "9" * 20, "no_alias"])
def test_a_champion_or_version_that_does_not_exist_is_one_message(tracker: Tracker, which: str) -> None:
    kind = "version" if which.isdigit() else "alias"
    for case in (CASE, "unheard_of"):
        with pytest.raises(CasebookError, match=rf"{case} has no {kind} '{which}'; `casebook history {case}`"):
            trace(tracker, case, which)
    register(tracker, make_release(tracker))
    with pytest.raises(CasebookError, match=rf"{CASE} has no {kind} '{which}'"):
        trace(tracker, CASE, which)


def test_the_params_digest_follows_every_value(params: CaseParams) -> None:
    assert params_digest(params) == params_digest(params.model_copy())
    assert params_digest(params) != params_digest(override(params, {"release.baseline_margin": 0.123}))

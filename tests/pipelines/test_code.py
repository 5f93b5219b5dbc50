"""The files that stages depend on: what is in them, when they change, and a stage's word about a stale one."""

import shutil
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.core.closure import closure
from components.core.errors import CasebookError
from components.core.params.defaults import DEFAULTS, FOLDER
from components.core.params.load import load_params
from components.core.yaml_files import dump_yaml, read_yaml
from pipelines.code import PARTS, READS, changes, content_of, forget_experiments, read_resolved, resolve, resolved_file
from pipelines.stages import STAGES

ROOT = Path(__file__).resolve().parents[2]
CASE = "finance_risk"


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with params and, apart from the code, the recipes' defaults."""
    shutil.copyfile(ROOT / "params.yaml", tmp_path / "params.yaml")
    for path in FOLDER.glob(f"*/{DEFAULTS}"):
        (tmp_path / "recipes" / path.parent.name).mkdir(parents=True)
        shutil.copyfile(path, tmp_path / "recipes" / path.parent.name / DEFAULTS)
    monkeypatch.setattr("components.core.params.defaults.FOLDER", tmp_path / "recipes")
    monkeypatch.setattr("pipelines.code.closure", lambda root, entries: followed(root, tuple(entries)))
    return tmp_path


@cache
def followed(root: Path, entries: tuple[str, ...]) -> frozenset[Path]:
    """The imports of the checkout's own code, which no test of this file edits."""
    return closure(root, entries)


def edit(root: Path, old: str, new: str, file: str = "params.yaml") -> None:
    text = (root / file).read_text(encoding="utf-8")
    assert old in text
    (root / file).write_text(text.replace(old, new, 1), encoding="utf-8")


def edit_default(root: Path, old: str, new: str) -> None:
    edit(root, old, new, f"recipes/binary/{DEFAULTS}")


def test_every_stage_has_its_parts_and_its_blocks() -> None:
    assert tuple(PARTS) == tuple(READS) == STAGES


def test_a_file_holds_what_the_stage_reads_and_nothing_else(root: Path) -> None:
    params = load_params(root / "params.yaml")
    written = resolve(root)
    assert written == [resolved_file(root, case, stage) for case in sorted(params.cases) for stage in STAGES]
    content = yaml.safe_load(resolved_file(root, CASE, "search").read_text(encoding="utf-8"))
    assert list(content) == ["recipe", "code", "model", "fit", "search", "start"]
    assert content["fit"]["lr"] == params.case(CASE).fit.lr
    given = read_resolved(root, CASE, "search")
    assert (given.fit, given.search, given.model) == tuple(
        getattr(params.case(CASE), name) for name in ("fit", "search", "model")
    )
    with pytest.raises(AttributeError):
        given.release  # noqa: B018 - what it was not given


@pytest.mark.parametrize(
    ("old", "new", "stages"),
    [
        ("lr: 0.005", "lr: 0.006", {"search", "fit", "compress", "release"}),
        ("max_metric_drop: 0.002", "max_metric_drop: 0.003", {"compress", "release"}),
        ("seed: 2024}", "seed: 2025}", set()),  # of crossval, which no stage reads
        ("knots: 5\n", "knots: 5  # a word\n", set()),
    ],
)
def test_an_edit_changes_the_files_of_the_stages_that_read_it(root: Path, old: str, new: str, stages: set[str]) -> None:
    resolve(root)
    assert resolve(root) == []
    edit_default(root, old, new)
    changed = resolve(root)
    assert {path.stem for path in changed} == stages
    assert {path.parent.name for path in changed} <= {CASE}
    assert {path.parent.name for path in root.glob("resolved/*/*")} == set(load_params(root / "params.yaml").cases)


def test_a_default_that_the_case_states_itself_changes_no_file_of_it(root: Path) -> None:
    edit(root, "    recipe: binary\n", "    recipe: binary\n    fit: {lr: 0.005}\n")
    resolve(root)
    edit_default(root, "lr: 0.005", "lr: 0.006")
    assert resolve(root) == []


def test_a_stated_value_that_is_the_default_changes_no_file(root: Path) -> None:
    resolve(root)
    edit(root, "    recipe: binary\n", "    recipe: binary\n    fit: {seed: 2024, lr: 0.005}\n")
    assert resolve(root) == []


def test_a_case_that_is_gone_leaves_no_file(root: Path) -> None:
    content: dict[str, Any] = read_yaml(root / "params.yaml")
    resolve(root)
    (root / "params.yaml").write_text(dump_yaml({"cases": {CASE: content["cases"][CASE]}}), encoding="utf-8")
    gone = resolve(root)
    assert {path.parent.name for path in gone} == content["cases"].keys() - {CASE}
    assert [path.name for path in (root / "resolved").iterdir()] == [CASE]


def test_a_wrong_block_is_one_message_before_anything_is_written(root: Path) -> None:
    edit_default(root, "width: 128", "widht: 128")
    with pytest.raises(CasebookError, match=r"cases\.finance_risk\.model\.network\.widht: unknown key"):
        resolve(root)
    assert not (root / "resolved").exists()


def test_a_stale_file_is_told_with_what_differs(root: Path) -> None:
    with pytest.raises(CasebookError, match=r"resolved/finance_risk/fit\.yaml: not found; `dvc repro code` writes it"):
        read_resolved(root, CASE, "fit")
    resolve(root)
    edit_default(root, "lr: 0.005", "lr: 0.006")
    with pytest.raises(CasebookError, match=r"fit\.lr was 0\.005 and is 0\.006.*run `dvc repro code` first"):
        read_resolved(root, CASE, "fit")
    read_resolved(root, CASE, "prepare")  # reads no learning rate


def test_the_file_of_a_release_names_the_experiment_until_a_plain_run(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolve(root)
    plain = resolved_file(root, CASE, "release").read_text(encoding="utf-8")
    monkeypatch.setenv("DVC_EXP_NAME", "wider-net")
    read_resolved(root, CASE, "release")  # DVC need not run `code` again where nothing has changed
    assert {path.name for path in resolve(root)} == {"release.yaml"}
    assert resolved_file(root, CASE, "release").read_text(encoding="utf-8") == f"{plain}experiment: wider-net\n"
    read_resolved(root, CASE, "release")
    monkeypatch.delenv("DVC_EXP_NAME")
    with pytest.raises(CasebookError, match="experiment was 'wider-net' and is None"):
        read_resolved(root, CASE, "release")
    forget_experiments(root)
    assert resolved_file(root, CASE, "release").read_text(encoding="utf-8") == plain


def test_changes_are_those_since_the_stage_ran(root: Path) -> None:
    resolve(root)
    path, params = resolved_file(root, CASE, "compress"), load_params(root / "params.yaml").case(CASE)
    md5 = "d41d8cd98f00b204e9800998ecf8427e"  # of nothing
    locked = {f"compress@{CASE}": {"deps": [{"path": f"resolved/{CASE}/compress.yaml", "md5": md5}]}}
    assert changes(root, params, CASE, "compress", {}) == []  # it has never run
    assert changes(root, params, CASE, "compress", locked) == ["its values or its code differ"]
    path.write_text("", encoding="utf-8")
    assert changes(root, params, CASE, "compress", locked)[0].startswith("recipe was None and is 'binary'")
    assert content_of(params, "compress") != ""

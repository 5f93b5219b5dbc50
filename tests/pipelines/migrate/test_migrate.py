"""A fork with cases of its own, a table and a recommender, brought from the form before recipes to that of today."""

import shutil
from pathlib import Path

import pytest

from components.core.errors import CasebookError
from components.core.job import Paths
from components.core.params.load import load_params
from components.core.recipe import make_job
from components.core.yaml_files import parse_yaml
from pipelines.migrate.migrate import migrate
from pipelines.migrate.texts import migrated_file, migrated_params

OLD = Path(__file__).with_name("old_params.yaml")


@pytest.fixture
def text() -> str:
    return OLD.read_text(encoding="utf-8")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    shutil.copyfile(OLD, tmp_path / "params.yaml")
    return tmp_path


def test_a_block_of_the_old_form_is_refused_with_one_message(root: Path) -> None:
    with pytest.raises(CasebookError, match=r"2 case\(s\) are of the form before.*'my_loans'.*casebook migrate"):
        load_params(root / "params.yaml")


def test_the_values_of_a_fork_are_what_they_were(text: str, tmp_path: Path) -> None:
    new, names = migrated_params(text, "params.yaml")
    assert names == ["my_loans", "my_shop"]
    (tmp_path / "params.yaml").write_text(new, encoding="utf-8")
    params, old = load_params(tmp_path / "params.yaml"), parse_yaml(text, "old")["cases"]
    for name in names:
        make_job(name, params.case(name), Paths(tmp_path))  # each block is what its recipe reads
    loans = params.case("my_loans").model_dump(mode="json")
    assert loans["recipe"] == "binary"
    assert loans["source"].pop("limits") == {"megabytes": 2000, "memory_megabytes": 8000, "seconds": 600}  # new then
    assert loans["prepare"]["encode"].pop("fold") is False
    for block in ("source", "prepare", "search", "crossval"):
        assert loans[block] == old["my_loans"][block]
    assert loans["fit"] == {**old["my_loans"]["fit"], "max_steps": None, "validate_every": None, "accumulate": 1}
    assert loans["model"]["serving"] == {"decisions": ["decline", "approve"], "bands": 8, "reasons": 4}
    assert loans["compress"]["variants"] == {
        "int8_dynamic": {},
        "pruned": {"amount": 0.6, "epochs": 6, "lr_factor": 0.2},
    }
    assert loans["smoke"]["compress.variants.pruned.epochs"] == 1
    assert not any("distill" in key or "int8_static" in key for key in loans["smoke"])
    assert "allow_dirty" not in loans["release"]
    assert (loans["release"]["calibration_margin"], loans["release"]["overrides"]) == (0.002, [])
    shop = params.case("my_shop")
    assert (shop.recipe, shop.prepare["k_core"], shop.release.max_network_gap) == (
        "next_item",
        {"user": 5, "item": 1},
        1e-4,
    )
    assert shop.compress.variants["low_rank"] == {"rank": 32, "int8": True}


def test_a_block_states_what_differs_and_other_lines_stay(text: str) -> None:
    new, _ = migrated_params(text, "params.yaml")
    stated = parse_yaml(new, "new")["cases"]["my_loans"]
    assert stated["fit"] == {"max_epochs": 12}
    assert stated["model"]["logistic"]["c"] == 0.5
    assert stated["compress"] == {"variants": {"int8_static": None, "distilled": None}, "latency_rows": 4096}
    assert "max_epochs: 12            # enough for us" in new
    assert "    recipe: binary\n    start: null\n" in new
    assert "Seniority: {kind: numeric, min: 0, max: 80}          # years in the job" in new
    assert new[new.index("\noperate:") :] == text[text.index("\noperate:") :]
    assert new.startswith("# A fork: two cases of its own, in the form before recipes.\n\ncases:\n  my_loans:\n")
    assert migrated_params(new, "params.yaml") == (new, [])


WAIVED = """cases:
  a:
    recipe: binary
    start: null
    release:
      floors: {auc: 0.7}
      allow_dirty: %s  # x
"""


def test_waivers_that_are_false_go_and_others_are_named_with_the_override_to_write(tmp_path: Path) -> None:
    text = WAIVED % "false"
    assert migrated_params(text, "params.yaml") == (text.replace("      allow_dirty: false  # x\n", ""), ["a"])
    with pytest.raises(CasebookError, match=r"cases\.a: release\.allow_dirty is set.*\{check: committed, who: NAME"):
        migrated_params(WAIVED % "true", "params.yaml")
    block = "recipe: binary\nstart: null\nrelease: {waive_champion: false, floors: {auc: 0.7}}\n"
    assert migrated_file(block, "mine.yaml") == "recipe: binary\nstart: null\nrelease: {floors: {auc: 0.7}}\n"
    (tmp_path / "params.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(CasebookError, match=r"1 case\(s\) have release\.allow_dirty.*'a'.*`casebook migrate`"):
        load_params(tmp_path / "params.yaml")


def test_modules_of_its_own_are_of_no_recipe_and_nothing_is_written(root: Path, text: str) -> None:
    (root / "params.yaml").write_text(text.replace("learner: binary.py", "learner: mine.py"), encoding="utf-8")
    before = (root / "params.yaml").read_bytes()
    with pytest.raises(CasebookError, match=r"cases\.my_loans: code names 1 module\(s\).*'learner: mine\.py'"):
        migrate(root, dry_run=False)
    assert (root / "params.yaml").read_bytes() == before


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("compress.prune.epochs: 2   # few", "compress.variants.pruned.epochs: 2   # few"),
        ("evaluate.reasons: 3", "model.serving.reasons: 3"),
        ("compress.calibration_rows: 64", "compress.variants.int8_static.calibration_rows: 64"),
    ],
)
def test_the_keys_of_a_profile_get_their_names_of_today(old: str, new: str) -> None:
    profile = "like: my_loans\nvalues:\n  fit.lr: 0.1\n  {}\n"
    assert migrated_file(profile.format(old), "mine.yaml") == profile.format(new)
    assert migrated_file(profile.format(new), "mine.yaml") is None


@pytest.mark.parametrize("key", ["compress.distill.epochs: 3", "compress.low_rank: {rank: 4, int8: true}"])
def test_what_a_profile_says_of_a_variant_that_is_not_made_is_left_out(key: str) -> None:
    profile = f"like: my_loans\nvalues:\n  {key}\n  evaluate.bands: 4   # few\n"
    new = migrated_file(profile, "mine.yaml", {"my_loans": ["int8_dynamic", "pruned"]})
    assert new == "like: my_loans\nvalues:\n  model.serving.bands: 4   # few\n"


def test_a_whole_block_of_a_variant_is_moved_in_a_profile() -> None:
    profile = "like: my_loans\nvalues: {{{}: {{amount: 0.5, epochs: 2, lr_factor: 0.2}}, fit.lr: 0.1}}\n"
    new = migrated_file(profile.format("compress.prune"), "mine.yaml", {"my_loans": ["pruned"]})
    assert new == profile.format("compress.variants.pruned")


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("compress.variants: [pruned]", r"mine\.yaml: values: write compress\.variants as a map"),
        ("code.learner: mine.py", r"mine\.yaml: values: code\.learner names a module; put that into a recipe"),
    ],
)
def test_what_a_profile_cannot_say_any_more_is_one_message(key: str, message: str) -> None:
    with pytest.raises(CasebookError, match=message):
        migrated_file(f"like: my_loans\nvalues:\n  {key}\n", "mine.yaml")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            "cases:\n  a:\n    recipe: binary\n    x: 1\n",
            "cases:\n  a:\n    recipe: binary\n    start: null\n    x: 1\n",
        ),
        (
            "cases:\n    a:\n        fit: {}\n        recipe: binary   # a table\n",
            "cases:\n    a:\n        fit: {}\n        recipe: binary   # a table\n        start: null\n",
        ),
        ("cases: {a: {recipe: binary, fit: {}}}\n", "cases: {a: {recipe: binary, start: null, fit: {}}}\n"),
    ],
)  # fmt: skip
def test_a_block_that_names_its_recipe_and_no_start_gets_that_line(before: str, after: str) -> None:
    assert migrated_params(before, "params.yaml") == (after, ["a"])
    assert migrated_params(after, "params.yaml") == (after, [])


def test_an_example_gets_a_start_too() -> None:
    assert (
        migrated_file("# mine\nrecipe: binary\nfit: {}", "mine.yaml") == "# mine\nrecipe: binary\nstart: null\nfit: {}"
    )
    assert migrated_file("# mine\nrecipe: binary\nstart: null\n", "mine.yaml") is None


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("    crossval: {folds: 5, seed: 2024}\n", "", r"cases\.my_loans: 1 block\(s\) are missing, such as crossval;"),
        ("      lr: 0.005\n", "", r"1 key\(s\) are wrong; edit them:\n.*cases\.my_loans\.fit\.lr: missing$"),
        ("        k: 8\n", "", r"1 key\(s\) are wrong; edit them:\n.*cases\.my_loans\.model\.network\.k: missing$"),
        ("      c: 0.5  ", "      see: 0.5", r"cases\.my_loans\.model\.logistic"),
        ("    code:                      # the modules", "    recipe: binary\n    more: # the modules", "my_loans"),
        (
            "variants: [int8_dynamic, pruned]",
            "variants: [low_rank]",
            r"compress\.variants has 'low_rank', of which compr",
        ),
    ],
)
def test_a_block_that_is_wrong_is_one_message_and_nothing_is_written(
    root: Path, text: str, old: str, new: str, message: str
) -> None:
    assert old in text
    (root / "params.yaml").write_text(text.replace(old, new, 1), encoding="utf-8")
    before = (root / "params.yaml").read_bytes()
    with pytest.raises(CasebookError, match=message):
        migrate(root, dry_run=False)
    assert (root / "params.yaml").read_bytes() == before
    assert [path.name for path in root.iterdir()] == ["params.yaml"]


def test_keys_of_before_in_a_block_of_today_are_told_where_they_stand_now() -> None:
    text = "cases:\n  a:\n    recipe: binary\n    start: null\n    evaluate: {bands: 4}\n"
    with pytest.raises(CasebookError, match=r"cases\.a: it has `recipe:`.*bands, reasons, decisions of evaluate"):
        migrated_params(text, "params.yaml")


def test_a_block_between_braces_is_refused() -> None:
    with pytest.raises(CasebookError, match=r"params\.yaml: cases\.a is written between braces"):
        migrated_params("cases:\n  a: {code: {case: finance_risk}}\n", "params.yaml")


@pytest.mark.parametrize(
    ("content", "message"),
    [(None, "params.yaml: not found; run this in the root of a checkout"), ("- a\n", "has no map of cases")],
)
def test_what_is_no_checkout_is_one_message(tmp_path: Path, content: str | None, message: str) -> None:
    if content is not None:
        (tmp_path / "params.yaml").write_text(content, encoding="utf-8")
    with pytest.raises(CasebookError, match=message):
        migrate(tmp_path, dry_run=True)

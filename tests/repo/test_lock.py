"""`dvc.lock` stays small: DVC writes it whole after each stage, so what a case adds is paid by every stage of all."""

from pathlib import Path

import pytest
import yaml

LOCK = Path(__file__).resolve().parents[2] / "dvc.lock"
NAME = "my_loans"  # a case's name stands in its stages 51 times, so the length of it is what a person adds
CASES = tuple(yaml.safe_load((LOCK.parent / "params.yaml").read_text(encoding="utf-8"))["cases"])
STAGES = yaml.safe_load(LOCK.read_text(encoding="utf-8"))["stages"]


@pytest.mark.parametrize("case", CASES)
def test_a_case_adds_less_than_six_kilobytes(case: str) -> None:
    own = {name: stage for name, stage in STAGES.items() if name.endswith(f"@{case}")}
    assert len(own) == 7
    assert len(yaml.safe_dump({"stages": own}, sort_keys=False).replace(case, NAME)) < 6 * 1024


def test_the_whole_is_below_sixty_kilobytes() -> None:
    assert LOCK.stat().st_size < 60_000


def test_a_stage_depends_on_its_resolved_file_and_on_data_but_on_no_code() -> None:
    for name, stage in STAGES.items():
        if name == "code":
            continue
        stage_name, case = name.split("@")
        paths = [dep["path"] for dep in stage["deps"]]
        assert f"resolved/{case}/{stage_name}.yaml" in paths
        code = [path for path in paths if path.split("/")[0] in ("components", "pipelines", "params.yaml")]
        assert code in ([], ["components/sources/__init__.py"])  # what a source that watches nothing stands on
        assert "params" not in stage

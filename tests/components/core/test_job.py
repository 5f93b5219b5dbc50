import json
from pathlib import Path

import pytest

from components.core.job import Meta, Paths


def test_every_stage_writes_to_a_place_of_its_own_case() -> None:
    paths, root = Paths(Path("/checkout")), Path("/checkout")
    assert paths.raw("a") == root / "data/raw/a"
    assert paths.prepared("a") == root / "data/prepared/a"
    assert paths.best("a") == root / "models/a/best.json"
    assert paths.fitted("a") == root / "models/a/fitted"
    assert paths.bundle("a") == root / "models/a/bundle"
    assert paths.evaluation("a") == root / "reports/a/evaluation"
    assert paths.compression("a") == root / "reports/a/compression"
    assert paths.state("a") == root / "state/a"


def test_meta_is_read_as_it_was_written(tmp_path: Path) -> None:
    meta = Meta(
        case="个案",
        rows={"train": 3, "rejected": 1},
        rejected={"Age above 110": 1},
        source={"kind": "file"},
        data={"key": ["row"], "encoder": {"numeric": [{"median": 0.1}]}},
    )
    meta.write(tmp_path)
    assert Meta.read(tmp_path) == meta
    assert json.loads((tmp_path / "meta.json").read_bytes())["case"] == "个案"


def test_meta_with_a_number_that_json_has_not_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        Meta("a", {}, {}, {}, {"median": float("nan")}).write(tmp_path)
    assert list(tmp_path.iterdir()) == []

"""Which fits of the served bundle time has cut, from what the stages leave."""

from pathlib import Path
from typing import Any

import pytest

from components.core.files import write_json
from components.core.job import Job
from pipelines.fits import cut_fits
from tests.toy.jobs import toy_job

CASE = "finance_risk"
WHOLE = {"monitor": "val/loss", "value": 0.5, "best_epoch": 1, "epochs": 2, "steps": 8, "stopped": "epochs"}
CUT = WHOLE | {"stopped": "minutes", "max_epochs": 16, "planned": 1600}
WHERE = "was cut by fit.max_minutes in epoch 2 of 16, after 8 of 1,600 steps"


@pytest.mark.parametrize(
    ("files", "fits", "expected"),
    [
        ({"fit": {"result": WHOLE}}, {}, ()),
        ({"fit": {}}, {}, None),
        ({"fit": {"result": CUT}}, {}, (f"the fit {WHERE}",)),
        ({"fit": {"result": WHOLE}, "refit": CUT}, {}, (f"the second fit, on all rows, {WHERE}",)),
        ({"fit": {"result": WHOLE}}, {"pruned": CUT, "distilled": WHOLE}, (f"the fit of the variant pruned {WHERE}",)),
        ({"fit": {"result": WHOLE}}, {"distilled": CUT}, ()),  # not the one that is served
    ],
)
def test_fits_of_what_is_served_are_told(
    tmp_path: Path, files: dict[str, Any], fits: dict[str, Any], expected: tuple[str, ...] | None
) -> None:
    job: Job = toy_job(CASE, tmp_path)
    for folder in (job.paths.fitted(CASE), job.paths.compression(CASE)):
        folder.mkdir(parents=True)
    write_json(job.paths.compression(CASE) / "variants.json", {"picked": "pruned", "variants": [], "fits": fits})
    for name, content in files.items():
        write_json(job.paths.fitted(CASE) / f"{name}.json", content)
    assert cut_fits(job) == expected

"""The fits behind the bundle that is served: which of them `fit.max_minutes` has cut."""

from collections.abc import Mapping
from typing import Any

from components.core.files import read_json
from components.core.job import REFIT, Job
from components.core.results import FitResult


def cut_fits(job: Job) -> tuple[str, ...] | None:
    """Each that was cut, in words; None where it is not known what the fit ended with."""
    fitted, variants = job.paths.fitted(job.case), read_json(job.paths.compression(job.case) / "variants.json")
    results = {"the fit": read_json(fitted / "fit.json").get("result")}
    if (fitted / REFIT).is_file():
        results["the second fit, on all rows,"] = read_json(fitted / REFIT)
    if (picked := variants["picked"]) in variants["fits"]:
        results[f"the fit of the variant {picked}"] = variants["fits"][picked]
    found = [_cut(name, result) for name, result in results.items()]
    return None if None in found else tuple(said for said in found if said)


def _cut(name: str, result: Mapping[str, Any] | None) -> str | None:
    if result is None:
        return None
    where = FitResult(**result).cut
    return f"{name} was cut by fit.max_minutes {where}" if where else ""

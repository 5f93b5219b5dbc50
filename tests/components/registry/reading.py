"""All that is read of a registry, so that two of them can be held against each other."""

from typing import Any

from components.registry.champion import champion_at, champion_version, origin_of
from components.registry.ledger import history
from components.tracking.reading.registry import Registry
from tests.components.registry.toys import CASE

NUMBERS = ("1", "2", "3", "7", "0", "-1", "x")


def everything(registry: Registry) -> dict[str, Any]:
    """Models, versions, runs, ledger, champion and origins of the toy case, and of what there is not."""
    versions = {number: registry.model_version(CASE, number) for number in NUMBERS}
    known = {number: found for number, found in versions.items() if found is not None}
    return {
        "all": registry.registered_models(),
        "models": [registry.registered_model(name) for name in (CASE, "unheard_of")],
        "versions": versions,
        "elsewhere": registry.model_version("unheard_of", "1"),
        "runs": [registry.run_state(run) for run in (*(one.run_id for one in known.values()), "f" * 32)],
        "history": [history(registry, name) for name in (CASE, "unheard_of")],
        "champion": [champion_version(registry, CASE), *(champion_at(registry, name) for name in (CASE, "unheard_of"))],
        "origins": [origin_of(registry, CASE, number) for number in known],
    }


def files(registry: Registry) -> list[bytes | None]:
    """Some files of the model folders, and some that there are not."""
    asked = [
        ("1", "files.json"),
        ("2", "artifacts/lineage/dvc.lock"),
        ("2", "artifacts/bundle/bundle.json"),
        ("1", "artifacts/lineage/nothing.txt"),
        ("7", "files.json"),
    ]
    return [registry.model_file(CASE, number, path) for number, path in asked]

"""What is known of a champion besides its entry in the ledger: its variant, its size, its card."""

from pathlib import Path

from components.core.files import read_json
from components.core.job import Job
from components.core.recipe import recipe_of
from components.registry.champion import ENCODERS, HISTORIES_UNTIL
from components.registry.known import known_until
from components.registry.model_files import bundle_in, card_beside
from components.tracking.reading.registry import Registry
from pipelines.commands.telling import Look


def look_of(job: Job, registry: Registry, version: str) -> Look:
    """Of any version; one that is deleted has neither variant nor files."""
    recipe = recipe_of(job)
    found, folder = registry.model_version(job.case, version), registry.model_folder(job.case, version)
    tags = {} if found is None else found.tags
    return Look(
        metrics=tuple(dict.fromkeys([recipe.primary, *job.params.release.floors])),
        variant=tags.get("variant"),
        size=None if folder is None else _bytes(bundle_in(folder)),
        card=_card(job, version, folder),
        question=recipe.question(job),
        known_until=known_until(job.paths, job.case, tags.get(HISTORIES_UNTIL), tags.get(ENCODERS)),
    )


def _card(job: Job, version: str, folder: Path | None) -> str | None:
    """That of the reports, if it is this version's, else the one that is kept with the model."""
    reports = job.paths.reports(job.case)
    report, card = reports / "release.json", reports / "card.md"
    if report.is_file() and card.is_file() and read_json(report)["version"] == version:
        return card.relative_to(job.paths.root).as_posix()
    return None if folder is None else str(card_beside(bundle_in(folder)))


def _bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())

"""All stages of a case in one process on little work: does the code run, not is the model good."""

import shutil
from pathlib import Path

from components.core.job import Paths
from components.core.params.load import load_params
from components.core.params.overrides import override
from components.core.params.source import FileSource, FolderSource, HttpSource, Source, SqlSource
from components.core.recipe import make_job
from pipelines.stages import MAKE_BUNDLE, STAGES, run

SMOKE = Path("state") / "smoke"  # below the checkout: a folder of results for each case


def smoke(case: str, root: Path) -> None:
    """Fetch to release with the params' `smoke` overrides, below `state/smoke`; the gate refuses the model.

    The cases that it starts from are made there first, as small, up to the bundle.
    """
    whole = load_params(root / "params.yaml")
    for name in (*whole.before(case), case):
        params = whole.case(name)
        params = override(params, {**params.smoke, **smoke_paths(root, params.source)})
        job = make_job(name, params, Paths(root / SMOKE / case), smoke=True)
        bring_mark(params.source, root, job.paths.root)
        for stage in STAGES if name == case else MAKE_BUNDLE:
            run(stage, job)


def bring_mark(source: Source, root: Path, folder: Path) -> None:
    """Let `folder` read a database up to the mark that `root` has; nothing for other sources."""
    if isinstance(source, SqlSource) and (root / source.watch).is_file():
        (folder / source.watch).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(root / source.watch, folder / source.watch)


def smoke_paths(root: Path, source: Source) -> dict[str, str]:
    """Params of the source, with paths that count from `root` in full."""
    if isinstance(source, FileSource):
        here = (root / source.path).resolve()
        return {"source.path": str(here), "source.watch": str(here.parent if source.beside else here)}
    if isinstance(source, FolderSource | HttpSource):
        key = "path" if isinstance(source, FolderSource) else "manifest"
        full = str((root / source.watch).resolve())
        return {f"source.{key}": full, "source.watch": full}
    return {}

"""A case of a user's own annotated images, written as a block of `params.yaml`."""

from pathlib import Path
from typing import Any

from components.core.errors import CasebookError
from components.recipes.detection.preparation.infer import Seen, infer_images
from pipelines.commands.newcase import UNKNOWN_ORIGIN, UNSTATED, pattern, shown_path, write_case


def new_images(root: Path, name: str, like: str, folder: Path) -> dict[str, Any]:
    """Add the block of `plan_images` to `params.yaml`, after checking that the whole file is still right; returns it.

    Raises:
        CasebookError: as `plan_images`.
    """
    block = plan_images(root, name, like, folder)
    write_case(root, name, block)
    return block


def plan_images(root: Path, name: str, like: str, folder: Path) -> dict[str, Any]:
    """The block for the images and annotations below `folder`, which is copied when they are fetched.

    Raises:
        CasebookError: the name is taken or not of the form `a_name`, `like` is no case of images,
            or no annotated images are found.
    """
    block = pattern(root, name, like)
    if "form" not in block["prepare"] or "annotations" not in block["prepare"]:
        raise CasebookError(f"{like!r} is no case of images; take --recipe detection")
    return _fill(block, infer_images(folder), shown_path(folder, root))


def _fill(block: dict[str, Any], seen: Seen, shown: str) -> dict[str, Any]:
    """The block of the case it is like, less all that speaks of that case's images."""
    model = dict(block["model"])
    if "baseline" in model:
        model["baseline"] = {**model["baseline"], "objects": "bright" if seen.bright else "dark"}
    return {
        **block,
        "source": {"kind": "folder", "path": shown, "watch": shown, **UNKNOWN_ORIGIN},
        "prepare": seen.prepare,
        "model": model,
        "evaluate": {**block["evaluate"], **UNSTATED},
        # Those of the simulator name keys that this block does not have.
        "smoke": {key: value for key, value in block["smoke"].items() if not key.startswith("prepare.")},
    }

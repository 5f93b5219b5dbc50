"""A case of a user's own annotated images, written as a block of `params.yaml`."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, cast, get_args

from components.core.errors import CasebookError
from components.recipes.detection.encoding.raw import LARGEST, Axis
from components.recipes.detection.preparation.infer import NOTHING, Chosen, Seen, infer_images
from pipelines.commands.newcase import UNKNOWN_ORIGIN, UNSTATED, pattern, shown_path, write_case


def read_planes(texts: Iterable[str]) -> dict[Axis, int | str] | None:
    """`z=3` and `t=max`, also with commas between, by axis; None of none.

    Raises:
        CasebookError: one is not of this form.
    """
    planes: dict[Axis, int | str] = {}
    for text in (one.strip() for texts_of in texts for one in texts_of.split(",")):
        axis, _, place = text.partition("=")
        if axis not in get_args(Axis) or not (place == LARGEST or (place.isdecimal() and int(place))):
            raise CasebookError(f"--plane {text}: write it as z=3, t=1 or page=2, counted from 1, or as z={LARGEST}")
        planes[cast(Axis, axis)] = place if place == LARGEST else int(place)
    return planes or None


def new_images(root: Path, name: str, like: str, folder: Path, chosen: Chosen = NOTHING) -> dict[str, Any]:
    """Add the block of `plan_images` to `params.yaml`, after checking that the whole file is still right; returns it.

    Raises:
        CasebookError: as `plan_images`.
    """
    block = plan_images(root, name, like, folder, chosen)
    write_case(root, name, block)
    return block


def plan_images(root: Path, name: str, like: str, folder: Path, chosen: Chosen = NOTHING) -> dict[str, Any]:
    """The block for the images and annotations below `folder`, which is copied when they are fetched.

    Raises:
        CasebookError: the name is taken or not of the form `a_name`, `like` is no case of images,
            or no annotated images are found.
    """
    block = pattern(root, name, like)
    if "form" not in block["prepare"] or "annotations" not in block["prepare"]:
        raise CasebookError(f"{like!r} is no case of images; take --recipe detection")
    return _fill(block, infer_images(folder, chosen), shown_path(folder, root))


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
        "release": {**block["release"], "floors": {"map50": 0.1}},
        # Those of the simulator name keys that this block does not have.
        "smoke": {key: value for key, value in block["smoke"].items() if not key.startswith("prepare.")},
    }

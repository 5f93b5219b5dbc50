"""A case of a user's own annotated images, written as a block of `params.yaml`."""

import logging
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, cast, get_args

from components.core.errors import CasebookError
from components.recipes.detection.encoding.raw import LARGEST, Axis
from components.recipes.detection.preparation.infer import Seen, infer_images
from components.recipes.detection.preparation.kinds import NOTHING, Chosen
from components.recipes.detection.preparation.sheet import write_sheet
from pipelines.commands.newcase import UNKNOWN_ORIGIN, pattern, shown_path, write_case
from pipelines.commands.newplans import UNSTATED

log = logging.getLogger(__name__)


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


def new_images(
    root: Path, name: str, like: str, folder: Path, chosen: Chosen = NOTHING, boxes: Sequence[str] = ()
) -> dict[str, Any]:
    """Add the block of `plan_images` to `params.yaml`, after checking that the whole file is still right; returns it.

    Raises:
        CasebookError: as `plan_images`.
    """
    block = plan_images(root, name, like, folder, chosen, boxes)
    write_case(root, name, block)
    return block


def plan_images(
    root: Path, name: str, like: str, folder: Path, chosen: Chosen = NOTHING, boxes: Sequence[str] = ()
) -> dict[str, Any]:
    """The block for the images and annotations below `folder`, which is copied when they are fetched; some of them are
    drawn, with their boxes, in `sheet_of`. `boxes` are words of how those are written.

    Raises:
        CasebookError: the name is taken or not of the form `a_name`, `like` is no case of images,
            no annotated images are found, or their boxes are likely read wrongly.
    """
    block = pattern(root, name, like)
    if "form" not in block["prepare"] or "annotations" not in block["prepare"]:
        raise CasebookError(f"{like!r} is no case of images; take --recipe detection")
    seen = infer_images(folder, chosen, boxes)
    if (sheet := write_sheet(seen, sheet_of(root, name))) is not None:
        log.info("annotated images to look at: %s", shown_path(sheet, root))
    return _fill(block, seen, shown_path(folder, root))


def sheet_of(root: Path, name: str) -> Path:
    return root / "state" / name / "new" / "boxes.png"


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

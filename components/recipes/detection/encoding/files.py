"""Image files of a folder, or one alone, and what is passed over in it."""

import re
from dataclasses import dataclass
from pathlib import Path

from components.core.errors import CasebookError
from components.recipes.detection.encoding.raw import DICOM_MARK, SUFFIXES

# Images that are not read here: who has them wants to know that they were passed over.
OTHER_IMAGE = re.compile(
    r"\.(avif|czi|dcm|dicom|dng|gif|heic|heif|ims|j2k|jp2|jxl|lif|lsm|mrxs|ndpi|nd2|nef|nii|oib|oif|psd|raw|scn|svs|vsi"
    r"|webp|zvi)",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Found:
    """`images` with their names below the folder, `unread` images of other forms, and `others`: no images at all."""

    images: list[tuple[Path, str]]
    unread: list[str]
    others: list[str]


def images_of(source: Path) -> list[tuple[Path, str]]:
    """Each image with its name below the folder, in the names' order."""
    return found_in(source).images


def found_in(source: Path, *, dicom: bool = False) -> Found:
    """What a folder and the folders in it hold, in the names' order; an image alone. DICOM is an image where a model
    has learned from it.

    Hidden files are nothing, and links that lead out of the folder are not followed: they are told among the others.

    Raises:
        CasebookError: there is no image of a form that is read.
    """
    if not source.is_dir():
        return Found([(source, source.name)], [], [])
    found, inside = Found([], [], []), source.resolve()
    for path in sorted(path for path in source.rglob("*") if path.is_file()):
        name = path.relative_to(source).as_posix()
        if path.name.startswith("."):
            continue
        if not path.resolve().is_relative_to(inside):
            found.others.append(f"{name} (a link out of the folder)")
        elif path.suffix.lower() in SUFFIXES or (dicom and _is_dicom(path)):
            found.images.append((path, name))
        else:
            (found.unread if _is_other_image(path) else found.others).append(name)
    if not found.images:
        there = f"; it has {len(found.unread)} of other forms, such as {found.unread[0]}" if found.unread else ""
        raise CasebookError(
            f"{source}: no image in this folder{there}; names that end with {', '.join(SUFFIXES)} are images"
        )
    return found


def _is_other_image(path: Path) -> bool:
    return bool(OTHER_IMAGE.fullmatch(path.suffix)) or _is_dicom(path)


def _is_dicom(path: Path) -> bool:
    place, mark = DICOM_MARK
    with path.open("rb") as file:
        return file.read(place + len(mark))[place:] == mark

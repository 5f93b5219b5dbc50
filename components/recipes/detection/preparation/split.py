"""Images to train, validation and test: whole images, never pieces of one."""

import random
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from components.core.errors import CasebookError
from components.core.job import TEST, TRAIN, VALIDATION
from components.recipes.detection.params.images import ImageSplit, Lists
from components.recipes.detection.preparation.coco import listed_names, read_json_file
from components.recipes.detection.preparation.files import Names, image_files

ORDER = (TRAIN, VALIDATION, TEST)


def group_of(name: str, pattern: str) -> str:
    """What `pattern` finds in a name: its first group, or all that it matches.

    Raises:
        CasebookError: it finds nothing.
    """
    found = re.search(pattern, name)
    text = (found[1] if found.re.groups else found[0]) if found else None
    if not text:
        raise CasebookError(
            f"prepare.group {pattern!r} finds no group in the image name {name!r}; correct it, or null for no groups"
        )
    return str(text)


def split_images(names: Sequence[str], groups: Sequence[str | None], split: ImageSplit) -> dict[str, str]:
    """The split of each image; images of one group stay together, one without a group is its own.

    Raises:
        CasebookError: there are so few groups that a split gets none.
    """
    units = [name if group is None else group for name, group in zip(names, groups, strict=True)]
    order = sorted(set(units))
    random.Random(split.seed).shuffle(order)  # noqa: S311
    test, validation = (max(1, round(share * len(order))) for share in (split.test, split.validation))
    if test + validation >= len(order):
        raise CasebookError(
            f"prepare.split: {len(names)} image(s) in {len(order)} group(s) do not fill train, validation and test; "
            "give more images, or a prepare.group that tells more of them apart"
        )
    places = dict.fromkeys(order, TRAIN)
    places |= dict.fromkeys(order[:test], TEST) | dict.fromkeys(order[test : test + validation], VALIDATION)
    return {name: places[unit] for name, unit in zip(names, units, strict=True)}


def by_lists(raw: Path, lists: Lists, known: Iterable[str]) -> dict[str, str]:
    """The split of each image that a list names; `known` are the names of all images there are.

    A line of a `.txt` is an image's name, its path or either without the suffix; a folder lists what lies below it.

    Raises:
        CasebookError: a list is missing or empty, names an image that is not there, or one that another list has.
    """
    images, places = Names(known), dict[str, str]()
    for split, file in zip(ORDER, (lists.train, lists.validation, lists.test), strict=True):
        listed = {line: images.find(line) for line in _listed(raw, file)}
        if (raw / file).is_dir():  # masks may lie there, too
            listed = {line: name for line, name in listed.items() if name is not None}
        if absent := [line for line, name in listed.items() if name is None]:
            raise CasebookError(
                f"{raw / file}: {len(absent)} of {len(listed)} names are no image, such as {absent[0]!r}; add the "
                "images, or take the names out"
            )
        names = {name for name in listed.values() if name is not None}
        if twice := sorted(names & places.keys()):
            raise CasebookError(
                f"{raw / file}: {len(twice)} of its images are in the list of {places[twice[0]]}, too, such as "
                f"{twice[0]!r}; an image may be in one split"
            )
        places |= dict.fromkeys(names, split)
    return places


def _listed(raw: Path, file: str) -> list[str]:
    path = raw / file
    if path.is_dir():
        return [(Path(file) / name).as_posix() for name in image_files(path)]
    if not path.is_file():
        raise CasebookError(f"{path}: not found; prepare.lists names three files of the raw folder, or is null")
    if path.suffix.lower() == ".json":
        names = listed_names(read_json_file(path))
    else:
        try:
            lines = path.read_text(encoding="utf-8-sig").splitlines()
        except UnicodeDecodeError:
            raise CasebookError(f"{path}: not UTF-8 text; save it as that, a name a line") from None
        names = [line.strip() for line in lines if line.strip()]
    if not names:
        raise CasebookError(f"{path}: names no image; prepare.lists wants one or more in each")
    return names

"""Copies of one picture, plain or augmented: they are found by name and by look, and stay in one split."""

import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import PurePosixPath

import numpy as np
from scipy.cluster.hierarchy import DisjointSet

from components.recipes.detection.encoding.resize import shrunk

log = logging.getLogger(__name__)

SIDE = 24  # of the thumbnails that are compared
ALIKE = 0.95  # correlation of two thumbnails from which they show one picture
EVEN = 0.01  # a standard deviation below which there is nothing to compare
MOST = 20_000  # images that are compared with each other; more are known by their names alone
CHUNK = 1_000
LARGE = 0.1  # share of all images, and
SOME = 20  # number, beyond which images that look alike are empty ones, not copies; half of all images are none either
# Roboflow's exports, and words that augmentation writes behind a name.
EXPORTED = re.compile(r"^(?P<base>.+)_(jpe?g|png|bmp|tiff?|webp)\.rf\.[0-9a-z]+$", re.IGNORECASE)
AUGMENTED = re.compile(
    r"^(?P<base>.*?[^\W_].*?)([ ._-]+(aug(mented)?|[hv]?flip(ped)?|rot(ated?)?|mirror(ed)?|bright(ness)?|blur(red)?"
    r"|nois[ey]|crop(ped)?|copy)[ ._-]*\d*)+$",
    re.IGNORECASE,
)


def base_of(name: str) -> str | None:
    """The picture that a copy's name says it was made of, below the folder; None where it says nothing."""
    path = PurePosixPath(name)
    found = EXPORTED.match(path.stem) or AUGMENTED.match(path.stem)
    return None if found is None else found["base"].lower()


def thumbnail(picture: np.ndarray) -> np.ndarray | None:
    """(H, W, C) to (SIDE, SIDE) float32 of mean 0 and norm 1; None of an even picture."""
    small = shrunk(picture.mean(axis=2), SIDE)
    small = small - small.mean()
    if small.std() < EVEN:
        return None
    normed: np.ndarray = (small / np.linalg.norm(small)).astype(np.float32)
    return normed


def copies(thumbnails: Mapping[str, np.ndarray | None]) -> list[list[str]]:
    """Names of the images that show one picture, two or more each, in order; a copy may be turned or mirrored."""
    sets = DisjointSet(thumbnails)
    by_base: dict[str, list[str]] = {}
    for name in thumbnails:
        if (base := base_of(name)) is not None:
            by_base.setdefault(base, []).append(name)
        by_base.setdefault(PurePosixPath(name).stem.lower(), []).append(name)
    for base, names in by_base.items():
        if any(base_of(name) == base for name in names):
            for first, second in pairwise(names):
                sets.merge(first, second)
    seen = {name: small for name, small in thumbnails.items() if small is not None}
    if len(seen) <= MOST:
        most = min(max(SOME, LARGE * len(thumbnails)), len(thumbnails) / 2)
        for group in _alike(list(seen), list(seen.values()), most):
            for first, second in pairwise(group):
                sets.merge(first, second)
    return sorted(sorted(one) for one in sets.subsets() if len(one) > 1)


def _alike(names: Sequence[str], thumbnails: Sequence[np.ndarray], most: float) -> list[list[str]]:
    sets = DisjointSet(names)
    for first, second in _pairs(thumbnails):
        sets.merge(names[first], names[second])
    groups = [sorted(one) for one in sets.subsets() if len(one) > 1]
    for one in (large := [one for one in groups if len(one) > most]):
        log.warning("%d images look alike, such as %s and %s: taken for different ones", len(one), one[0], one[1])
    return [one for one in groups if one not in large]


def _pairs(thumbnails: Sequence[np.ndarray]) -> Iterator[tuple[int, int]]:
    """Places of two thumbnails that are one picture, in one of its eight turns."""
    if not thumbnails:
        return
    stack = np.stack(thumbnails)
    plain = stack.reshape(len(stack), -1)
    turned = [np.rot90(flipped, turns, axes=(1, 2)) for flipped in (stack, stack[:, :, ::-1]) for turns in range(4)]
    for start in range(0, len(stack), CHUNK):
        for one in turned:
            like = one[start : start + CHUNK].reshape(-1, plain.shape[1]) @ plain.T
            for first, second in zip(*np.nonzero(like >= ALIKE), strict=True):
                if start + first < second:
                    yield start + int(first), int(second)

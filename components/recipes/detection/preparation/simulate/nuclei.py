"""Nuclei one at a time: an outline, a texture, and a place among others."""

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import distance_transform_edt, gaussian_filter

from components.recipes.detection.preparation.simulate.params import Nuclei

HARMONICS = np.arange(2, 6)  # of an outline's deviation from its ellipse
MARGIN = 3  # pixels around a nucleus that its patch has
FAR = 2.0  # standard deviations that a nucleus may be from its image's typical one
TRIES = 20  # places that are tried before a nucleus is left out


@dataclass(frozen=True)
class Nucleus:
    """A patch of light with its upper left corner, row and column, in the image; `mask` is where the nucleus is."""

    row: int
    column: int
    light: np.ndarray
    mask: np.ndarray


@dataclass(frozen=True)
class Look:
    """What the nuclei of one image share."""

    diameter: float
    size_spread: float
    brightness_spread: float
    elongation: float
    roughness: float
    texture: float
    grain: float
    dome: float

    @classmethod
    def draw(cls, random: np.random.Generator, params: Nuclei) -> "Look":
        low, high = np.log(params.diameter)
        return cls(
            diameter=float(np.exp(random.uniform(low, high))),
            size_spread=random.uniform(0.05, params.size_spread),
            brightness_spread=random.uniform(0.05, params.brightness_spread),
            elongation=random.uniform(1.05, params.elongation),
            roughness=random.uniform(0, params.roughness),
            texture=random.uniform(0, params.texture),
            grain=random.uniform(0.06, 0.2),
            dome=random.uniform(0.0, 0.9),
        )


def draw_mask(random: np.random.Generator, look: Look) -> np.ndarray:
    """An ellipse of a random size and direction whose radius varies by low harmonics, in a patch of its own."""
    diameter = look.diameter * np.exp(look.size_spread * np.clip(random.standard_normal(), -FAR, FAR))
    ratio = random.uniform(1, look.elongation)
    long, short = diameter / 2 * np.sqrt(ratio), diameter / 2 / np.sqrt(ratio)
    half = int(np.ceil(long * (1 + look.roughness))) + MARGIN
    y, x = np.mgrid[-half : half + 1, -half : half + 1] + random.uniform(-0.5, 0.5, (2, 1, 1))
    turn = random.uniform(0, np.pi)
    along, across = x * np.cos(turn) + y * np.sin(turn), y * np.cos(turn) - x * np.sin(turn)
    radius, angle = np.hypot(along / long, across / short), np.arctan2(across, along)
    strength = random.normal(0, look.roughness, len(HARMONICS)) / HARMONICS
    phase = random.uniform(0, 2 * np.pi, len(HARMONICS))
    waves = strength * np.cos(angle[..., None] * HARMONICS + phase)
    mask: np.ndarray = radius <= 1 + np.clip(waves.sum(axis=-1), -look.roughness, look.roughness)
    return mask


def light_up(random: np.random.Generator, mask: np.ndarray, look: Look) -> np.ndarray:
    """The light (H, W) of a nucleus: flat or domed, mottled by chromatin, with darker nucleoli."""
    depth = distance_transform_edt(mask)
    thickness = np.sqrt(np.clip(depth / max(depth.max(), 1.0), 0, 1))
    profile = (1 - look.dome) + look.dome * thickness
    sigma = max(0.6, look.grain * look.diameter)
    mottled = gaussian_filter(random.standard_normal(mask.shape), sigma)
    mottled /= mottled.std() + 1e-9
    brightness = np.exp(look.brightness_spread * np.clip(random.standard_normal(), -FAR, FAR))
    return np.where(mask, brightness * profile * np.clip(1 + look.texture * mottled, 0.1, None), 0.0)


def place_nucleus(
    random: np.random.Generator, mask: np.ndarray, taken: np.ndarray, middles: list[np.ndarray],
    *, reach: float, clustering: float, overlap: float,
) -> tuple[int, int] | None:  # fmt: skip
    """A corner, row and column, where at most the share `overlap` of the mask is `taken` (S, S); None: none found.

    With the chance `clustering` it is looked for about `reach` pixels from a nucleus that is there.
    """
    half = len(mask) // 2
    for _ in range(TRIES):
        if middles and random.random() < clustering:
            angle, away = random.uniform(0, 2 * np.pi), reach * random.uniform(0.8, 1.3)
            middle = middles[random.integers(len(middles))] + away * np.array([np.sin(angle), np.cos(angle)])
        else:
            middle = random.uniform(0, len(taken), 2)
        row, column = (int(value) for value in np.round(middle - half))
        seen, inside = cut(mask, row, column, len(taken))
        if inside is None or not seen.any():
            continue
        if taken[inside][seen].mean() <= overlap:
            middles.append(middle)
            return row, column
    return None


def cut(patch: np.ndarray, row: int, column: int, size: int) -> tuple[np.ndarray, tuple[slice, slice] | None]:
    """The part of a patch with its corner at `row, column` that lies in an image of `size`, and where it lies there."""
    height, width = patch.shape
    top, left = max(row, 0), max(column, 0)
    bottom, right = min(row + height, size), min(column + width, size)
    if bottom <= top or right <= left:
        return patch[:0], None
    return patch[top - row : bottom - row, left - column : right - column], (slice(top, bottom), slice(left, right))

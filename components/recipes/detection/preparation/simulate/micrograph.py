"""A simulated fluorescence micrograph: nuclei, what else glows, the optics, and the camera's noise."""

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter

from components.recipes.detection.preparation.simulate.nuclei import (
    Look,
    Nucleus,
    cut,
    draw_mask,
    light_up,
    place_nucleus,
)
from components.recipes.detection.preparation.simulate.params import Microscope, Range, SimulateParams

AREA = 10_000  # pixels, the unit of `debris` and `unfocused`
FULL = 65535


@dataclass(frozen=True)
class Micrograph:
    """`pixels` (S, S) uint16 and the nuclei that they show."""

    pixels: np.ndarray
    nuclei: list[Nucleus]

    def boxes(self, visible: float) -> np.ndarray:
        """Boxes (n, 4) float32 around what lies inside the image of the nuclei of which at least `visible` does."""
        found = []
        for nucleus in self.nuclei:
            seen, inside = cut(nucleus.mask, nucleus.row, nucleus.column, len(self.pixels))
            if inside is None or seen.sum() < max(1, visible * nucleus.mask.sum()):
                continue
            rows, columns = np.flatnonzero(seen.any(axis=1)), np.flatnonzero(seen.any(axis=0))
            top, left = inside[0].start, inside[1].start
            found.append([left + columns[0], top + rows[0], left + columns[-1] + 1, top + rows[-1] + 1])
        return np.array(found, np.float32).reshape(-1, 4)


def simulate(random: np.random.Generator, params: SimulateParams) -> Micrograph:
    """One image under a microscope of its own: what `params` bound is drawn anew for each."""
    size, optics = params.size, params.microscope
    look = Look.draw(random, params.nuclei)
    nuclei = _scatter(random, params, look)
    light = _sum(nuclei, size)
    light += _haze(random, light, look, optics)
    light += _unfocused(random, size, look, optics)
    light += _debris(random, size, look, optics)
    light = gaussian_filter(light, random.uniform(*optics.blur), mode="reflect")
    light = (light + random.uniform(*optics.background)) * _illumination(random, size, optics)
    return Micrograph(_expose(random, light, optics), nuclei)


def _between(random: np.random.Generator, bounds: Range) -> float:
    """A draw between bounds on a logarithmic scale."""
    return float(np.exp(random.uniform(*np.log(bounds))))


def _scatter(random: np.random.Generator, params: SimulateParams, look: Look) -> list[Nucleus]:
    size, wanted = params.size, _between(random, params.nuclei.coverage)
    clustering = random.uniform(0, params.nuclei.clustering)
    overlap = random.uniform(0, params.nuclei.overlap)
    taken, middles, nuclei = np.zeros((size, size), bool), list[np.ndarray](), list[Nucleus]()
    while taken.mean() < wanted or not nuclei:
        mask = draw_mask(random, look)
        corner = place_nucleus(
            random, mask, taken, middles, reach=look.diameter, clustering=clustering, overlap=overlap
        )
        if corner is None:  # the image is full
            break
        seen, inside = cut(mask, *corner, size)
        assert inside is not None
        taken[inside] |= seen
        nuclei.append(Nucleus(*corner, light_up(random, mask, look), mask))
    return nuclei


def _sum(nuclei: list[Nucleus], size: int) -> np.ndarray:
    """Light adds up where nuclei lie over each other."""
    light = np.zeros((size, size))
    for nucleus in nuclei:
        seen, inside = cut(nucleus.light, nucleus.row, nucleus.column, size)
        if inside is not None:
            light[inside] += seen
    return light


def _haze(random: np.random.Generator, light: np.ndarray, look: Look, optics: Microscope) -> np.ndarray:
    """Light from above and below the focus, and of the cells around the nuclei."""
    strength = random.uniform(*optics.haze)
    wide = gaussian_filter(light, look.diameter * random.uniform(0.3, 1.0), mode="reflect")
    cloud = gaussian_filter(random.standard_normal(light.shape), look.diameter * random.uniform(0.5, 2.0))
    cloud = np.clip(cloud / (cloud.std() + 1e-9), 0, None) * 0.2
    return strength * (wide + cloud)


def _unfocused(random: np.random.Generator, size: int, look: Look, optics: Microscope) -> np.ndarray:
    """Nuclei far from the focus: blots without an outline, which have no box."""
    light = np.zeros((size, size))
    for _ in range(random.poisson(random.uniform(*optics.unfocused) * size * size / AREA)):
        mask = draw_mask(random, look)
        row, column = (int(value) for value in random.integers(-len(mask), size, 2))
        seen, inside = cut(mask, row, column, size)
        if inside is not None:
            light[inside] += seen * random.uniform(0.2, 0.7)
    return gaussian_filter(light, look.diameter * random.uniform(0.25, 0.5))


def _debris(random: np.random.Generator, size: int, look: Look, optics: Microscope) -> np.ndarray:
    """Specks much smaller than a nucleus, some of them bright."""
    light = np.zeros((size, size))
    count = random.poisson(random.uniform(*optics.debris) * size * size / AREA)
    rows, columns = random.integers(0, size, (2, count))
    sigma = look.diameter * random.uniform(0.03, 0.09)
    light[rows, columns] = random.uniform(0.2, 2.0, count) * 2 * np.pi * sigma**2
    return gaussian_filter(light, sigma)


def _illumination(random: np.random.Generator, size: int, optics: Microscope) -> np.ndarray:
    """Shading (S, S): full light at a random place, falling off with the square of the distance."""
    loss, middle = random.uniform(*optics.shading), random.uniform(0.2, 0.8, 2) * size
    y, x = np.mgrid[:size, :size]
    far = ((y - middle[0]) ** 2 + (x - middle[1]) ** 2) / (2 * (0.8 * size) ** 2)
    shading: np.ndarray = 1 - loss * np.clip(far, 0, 1)
    return shading


def _expose(random: np.random.Generator, light: np.ndarray, optics: Microscope) -> np.ndarray:
    """Photons and read-out noise as the camera counts them, with its own offset and gain, in 16 bits."""
    photons = _between(random, optics.photons)
    counted = random.poisson(light * photons) + random.normal(0, random.uniform(*optics.readout), light.shape)
    top = max(np.percentile(counted, 99.9), photons * 0.1)
    gain = random.uniform(0.1, 0.9) * FULL / top
    found: np.ndarray = np.clip(counted * gain + random.uniform(0, 0.05) * FULL, 0, FULL).astype(np.uint16)
    return found

"""`prepare.simulate`: how varied the simulated micrographs are."""

from typing import Annotated

from pydantic import Field, model_validator

from components.core.blocks import Block

Count = Annotated[int, Field(ge=1)]
Positive = Annotated[float, Field(gt=0)]
Share = Annotated[float, Field(ge=0, le=1)]
Range = Annotated[tuple[float, float], Field(strict=False)]


class Nuclei(Block):
    """`diameter` in pixels and `coverage`, the share of the image that nuclei cover, are drawn for an image between
    their bounds on a logarithmic scale; `clustering` is the chance that a nucleus lies beside another one.

    Within an image the logarithms of diameters and of brightnesses have standard deviations of up to `size_spread`
    and `brightness_spread`. `elongation` is the largest ratio of axes, `roughness` the largest deviation of an
    outline from its ellipse, `texture` that of the brightness within a nucleus, as shares.
    `overlap` is the share of a nucleus that others may cover.
    """

    diameter: Range
    coverage: Range
    clustering: Share
    size_spread: Positive
    brightness_spread: Positive
    elongation: Annotated[float, Field(ge=1)]
    roughness: Share
    texture: Share
    overlap: Share


class Microscope(Block):
    """Bounds between which an image's optics are drawn: standard deviation of the point-spread function in pixels,
    loss of light towards the edges and background and haze as shares, photons of a typical nucleus's pixel,
    read-out noise in photons; per 10,000 pixels the specks of `debris` and the nuclei that are `unfocused`.
    """

    blur: Range
    shading: Range
    background: Range
    haze: Range
    photons: Range
    readout: Range
    debris: Range
    unfocused: Range


class SimulateParams(Block):
    """`images` of each split, squares of `size` pixels; `visible` is the share of a nucleus that must lie inside
    the image for its box to count. `external` names an annotated image and its mask of numbered objects in the raw
    folder, for the evaluation alone; null: none.
    """

    label: str
    seed: int
    train: Count
    validation: Count
    test: Count
    size: Annotated[int, Field(ge=32)]
    visible: Share
    nuclei: Nuclei
    microscope: Microscope
    external: "External | None"

    @model_validator(mode="after")
    def _ranges_rise(self) -> "SimulateParams":
        for block in (self.nuclei, self.microscope):
            for name, value in block:
                if isinstance(value, tuple) and not 0 <= value[0] <= value[1]:
                    raise ValueError(f"{name}: {list(value)} must be two numbers, the larger one second, none below 0")
        if self.nuclei.diameter[0] < 4 or self.nuclei.coverage[0] <= 0 or self.microscope.photons[0] <= 0:
            raise ValueError("diameter must be 4 pixels or more, and coverage and photons above 0")
        return self


class External(Block):
    image: str
    mask: str


SimulateParams.model_rebuild()

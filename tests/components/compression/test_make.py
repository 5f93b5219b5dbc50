from dataclasses import replace
from pathlib import Path

import pytest

from components.compression.make import NotMadeError, make_variants
from components.core.errors import CasebookError
from components.core.job import FP32, Job
from components.core.params.case import Int8StaticParams, PruneParams
from components.core.params.overrides import override
from components.core.recipe import Recipe, recipe_of


@pytest.fixture
def told() -> list[tuple[object, ...]]:
    return []


@pytest.fixture
def recipe(prepared: Job, told: list[tuple[object, ...]]) -> Recipe:
    """Its makers only tell what they were given."""

    def maker(_job: Job, params: object, fitted: Path, folder: Path) -> None:
        told.append((params, fitted, folder))

    makers = {"pruned": maker, "int8_static": maker}
    return type("Recipe", (Recipe,), {"makers": makers})(**vars(recipe_of(prepared)))


def asking(job: Job, **variants: dict[str, object]) -> Job:
    return replace(job, params=override(job.params, {"compress.variants": variants}))


def test_variants_are_made_in_their_order_under_their_own_params(
    prepared: Job, recipe: Recipe, told: list[tuple[object, ...]]
) -> None:
    block = {"amount": 0.5, "epochs": 2, "lr_factor": 0.1}
    job = asking(prepared, pruned=block, int8_static={"calibration_rows": 3})
    folders = make_variants(job, recipe, Path("fitted"), Path("work"))
    assert list(folders.items()) == [
        (FP32, Path("fitted/bundle")),
        ("pruned", Path("work/pruned")),
        ("int8_static", Path("work/int8_static")),
    ]
    assert told == [
        (PruneParams(amount=0.5, epochs=2, lr_factor=0.1), Path("fitted"), Path("work/pruned")),
        (Int8StaticParams(calibration_rows=3), Path("fitted"), Path("work/int8_static")),
    ]


def test_without_variants_the_model_is_served_as_it_is(
    prepared: Job, recipe: Recipe, told: list[tuple[object, ...]]
) -> None:
    assert make_variants(asking(prepared), recipe, Path("fitted"), Path("work")) == {FP32: Path("fitted/bundle")}
    assert told == []


def test_nothing_is_made_when_one_of_them_is_wrong(
    prepared: Job, recipe: Recipe, told: list[tuple[object, ...]]
) -> None:
    job = asking(prepared, int8_static={"calibration_rows": 3}, pruned={"amount": 2.0, "epochs": 2, "lr_factor": 0.1})
    with pytest.raises(CasebookError, match=r"compress\.variants\.pruned\.amount: .*less than 1, not 2\.0"):
        make_variants(job, recipe, Path("fitted"), Path("work"))
    assert told == []


def test_a_variant_that_cannot_be_made_is_told_and_passed_over(
    prepared: Job, recipe: Recipe, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(_job: Job, _params: object, _fitted: Path, _folder: Path) -> None:
        raise NotMadeError("no rows are left")

    recipe.makers["pruned"] = refuse  # type: ignore[index]
    block = {"amount": 0.5, "epochs": 2, "lr_factor": 0.1}
    job = asking(prepared, pruned=block, int8_static={"calibration_rows": 3})
    assert list(make_variants(job, recipe, Path("fitted"), Path("work"))) == [FP32, "int8_static"]
    assert "variant pruned is not made: no rows are left" in caplog.text

import numpy as np
import pytest

from components.recipes.regression.preparation.infer import loss_of

RANDOM = np.random.default_rng(0)
COUNTS = RANDOM.poisson(np.exp(0.5 + RANDOM.normal(size=600))).astype(float)


@pytest.mark.parametrize(
    ("target", "kind"),
    [
        (COUNTS, "poisson"),
        (COUNTS + 1, "poisson"),
        (COUNTS + 40, None),  # whole numbers, none of them small
        (COUNTS - 1, None),
        (COUNTS / 2, None),
        (np.minimum(COUNTS, 2), None),  # of so few values they may be grades
        (RANDOM.binomial(10, 0.5, 600).astype(float), None),  # they vary by less than their mean: out of ten
    ],
)
def test_counts_are_learned_by_their_deviance_and_other_numbers_as_the_recipe_does(
    target: np.ndarray, kind: str | None
) -> None:
    found = loss_of(target)
    assert (None if found is None else found[0]) == kind

"""A case with other values for some of its keys, which are checked as those of the file are."""

import pytest

from components.core.errors import CasebookError
from components.core.params.overrides import override


def test_an_override_changes_its_keys_in_a_copy_and_nothing_else(case):
    lr, changed = case.fit.lr, override(case, {"fit.lr": 0.125, "prepare.split.seed": 99})
    assert (changed.fit.lr, changed.prepare["split"]["seed"]) == (0.125, 99)
    assert (case.fit.lr, case.prepare["split"]["seed"] == 99) == (lr, False)
    back = override(changed, {"fit.lr": lr, "prepare.split.seed": case.prepare["split"]["seed"]})
    assert back == case


def test_no_override_gives_an_equal_case(case):
    assert override(case, {}) == case


@pytest.mark.parametrize(
    "dotted",
    ["fit.lrr", "fitt.lr", "fit.lr.low", "typo", "", "fit.", ".fit", "prepare.split.typo", "source.members.0.to"],
)
def test_an_override_of_an_unknown_path_names_it(case, dotted):
    with pytest.raises(CasebookError) as error:
        override(case, {dotted: 1})
    assert str(error.value).partition(";")[0] == f"params.yaml: {dotted!r} names no key of the case"


def test_an_override_that_does_not_fit_names_its_key(case):
    with pytest.raises(CasebookError, match=r"fit\.max_epochs: .*valid integer.*, not 'many' \(str\)"):
        override(case, {"fit.max_epochs": "many"})


def test_the_params_of_a_variant_are_overridden_by_their_dotted_names(case):
    found = override(case, {"compress.variants.pruned.epochs": 2, "compress.variants.int8_dynamic": {}})
    assert found.compress.variants["pruned"] == {**case.compress.variants["pruned"], "epochs": 2}
    assert found.compress.variants["distilled"] == case.compress.variants["distilled"]
    assert list(found.compress.variants) == list(case.compress.variants)

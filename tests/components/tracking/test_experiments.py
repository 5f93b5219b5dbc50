"""What stands above a case's runs."""

from components.tracking.experiments import (
    GREATER_IS_BETTER,
    PRIMARY,
    describe_experiment,
    tags_of_experiment,
    tell_champion,
)
from components.tracking.runs import NOTE
from components.tracking.track import Tracker

CASE = "finance_risk"


def test_the_case_and_its_champion_are_told_apart(tracker: Tracker) -> None:
    describe_experiment(tracker, CASE, "Loans.", "test/ndcg@10", lower_is_better=True)
    tags = tags_of_experiment(tracker, CASE)
    assert (tags[NOTE], tags[PRIMARY], tags[GREATER_IS_BETTER]) == ("Loans.", "test/ndcg_at_10", "false")
    tell_champion(tracker, CASE, "**Champion:** version 1")
    tell_champion(tracker, CASE, "**Champion:** version 2")
    assert tags_of_experiment(tracker, CASE)[NOTE] == "Loans.\n\n**Champion:** version 2"
    describe_experiment(tracker, CASE, "Credit.", "test/auc", lower_is_better=False)
    tags = tags_of_experiment(tracker, CASE)
    assert (tags[NOTE], tags[GREATER_IS_BETTER]) == ("Credit.\n\n**Champion:** version 2", "true")

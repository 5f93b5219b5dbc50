from components.core.results import Check, Decision


def test_a_decision_gives_the_reasons_of_what_failed_only() -> None:
    passed, failed = Check("floor", True, "auc 0.9 is over 0.8"), Check("dirty", False, "the tree has changes")
    assert Decision(False, (passed, failed)).reasons == ("the tree has changes",)
    assert Decision(True, (passed,)).reasons == ()

from components.core.parts import CountedMetric


def test_a_counted_metric_is_told_from_a_plain_one() -> None:
    class Counted:
        def __call__(self, target, score, /):  # noqa: ARG002
            return 0.0

        def over_counts(self, target, score, counts, /):  # noqa: ARG002
            return counts.sum(axis=1)

    assert isinstance(Counted(), CountedMetric)
    assert not isinstance(lambda target, score: target @ score, CountedMetric)

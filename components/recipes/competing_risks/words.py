"""What the figures of a model of several causes are called."""

from components.core.words import Word


class OfEachCause(frozenset[str]):
    """Names of metrics, and with each that of any cause: `ibs` and `ibs@relapse`."""

    def __contains__(self, name: object) -> bool:
        return super().__contains__(name.partition("@")[0] if isinstance(name, str) else name)


LOWER_IS_BETTER = OfEachCause({"ibs"})

METRICS = {
    "ibs": Word(
        "integrated Brier score",
        "the squared error of each cause's incidence, averaged over the horizons and the causes; 0 is best",
    ),
    "ibs@*": Word("integrated Brier score of a cause", "the same of one cause's incidence; 0 is best"),
    "c_index@*": Word(
        "C-index of a cause",
        "how often somebody with an event of the cause has a higher incidence of it than one who had it later, or had "
        "another event instead; 0.5 is a coin",
    ),
    "auc@*": Word(
        "AUC of a cause at a time",
        "the chance that one with an event of the cause by then has a higher incidence of it than one without; 0.5 is "
        "a coin",
    ),
    "calibration_slope@*": Word(
        "calibration slope of a cause at a time", "1 is best; below 1 the incidences are too extreme"
    ),
    "calibration_intercept@*": Word(
        "calibration intercept of a cause at a time", "0 is best; above 0 there are more events of it than was said"
    ),
    "sensitivity": Word(
        "sensitivity", "of those with the first cause's event by the last horizon, the share over the threshold"
    ),
    "specificity": Word("specificity", "of those without it by then, the share under the threshold"),
    "f1": Word("F1", "the harmonic mean of precision and sensitivity at the threshold"),
}
BASELINES = {
    "aalen_johansen": Word("Aalen-Johansen", "the incidence of the same people as a whole, one answer for everybody"),
    "cox": Word("cause-specific Cox", "proportional hazards of each cause, trained on the same people"),
    "boosting": Word("gradient boosting", "boosted trees of each cause's hazard, trained on the same people"),
}

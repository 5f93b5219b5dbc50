"""What the figures of a model of times to an event are called."""

from components.core.words import Word

METRICS = {
    "c_index": Word(
        "C-index", "how often, of two people, the one who had the event first has the higher risk; 0.5 is a coin"
    ),
    "auc@*": Word(
        "AUC at a time", "the chance that one with the event by then has a higher risk than one without; 0.5 is a coin"
    ),
    "ibs": Word("integrated Brier score", "the squared error of the risk, averaged over the horizons; 0 is best"),
    "calibration_slope@*": Word("calibration slope at a time", "1 is best; below 1 the risks are too extreme"),
    "calibration_intercept@*": Word(
        "calibration intercept at a time", "0 is best; above 0 there are more events than was said"
    ),
    "sensitivity": Word("sensitivity", "of those with the event by the last horizon, the share over the threshold"),
    "specificity": Word("specificity", "of those without the event by then, the share under the threshold"),
    "f1": Word("F1", "the harmonic mean of precision and sensitivity at the threshold"),
}
BASELINES = {
    "cox": Word("Cox regression", "proportional hazards, trained on the same people"),
    "forest": Word("survival forest", "trees of the same people, averaged"),
    "boosting": Word("gradient boosting", "boosted trees of the hazard, trained on the same people"),
}

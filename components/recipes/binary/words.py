"""What the figures of a two-class model are called."""

from components.core.words import Word

METRICS = {
    "auc": Word("AUC", "the chance that a row of the positive class scores above another; 0.5 is a coin, 1 is best"),
    "ks": Word("KS", "the largest distance between the shares of both classes that lie below a score; 1 is best"),
    "gini": Word("Gini", "2 AUC - 1: 0 is a coin, 1 is best"),
    "ap": Word("average precision", "precision at each score, weighted by the recall that it adds; 1 is best"),
    "precision": Word("precision", "of the rows at or above the threshold, the share that is of the positive class"),
    "recall": Word("recall", "of the rows of the positive class, the share at or above the threshold"),
    "f1": Word("F1", "the harmonic mean of precision and recall at the threshold"),
    "accuracy": Word("accuracy", "the share of rows that the threshold puts on the right side"),
    "brier": Word("Brier score", "the mean squared error of the probability; 0 is best"),
    "log_loss": Word("log loss", "the mean of -log of the probability of what happened; 0 is best"),
    "ece": Word("ECE", "expected calibration error: how far probabilities are from shares, in bins; 0 is best"),
    "calibration_slope": Word("calibration slope", "1 is best; below 1 the probabilities are too extreme"),
    "calibration_intercept": Word("calibration intercept", "0 is best; above 0 there are more positives than was said"),
}
BASELINES = {
    "lightgbm": Word("LightGBM", "gradient-boosted trees, trained on the same rows"),
    "logistic": Word("logistic regression", "on splines of the numbers, trained on the same rows"),
}

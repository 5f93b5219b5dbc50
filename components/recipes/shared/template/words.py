"""What the figures are called: the most important metric first."""

from components.core.words import Word

METRICS = {
    "mae": Word("mean absolute error", "by how much the number that is told is off, on average; 0 is best"),
    "rmse": Word("root mean squared error", "the same, with large errors counting more"),
}
BASELINES = {"ridge": Word("ridge regression", "a weighted sum of the row's numbers, trained on the same rows")}

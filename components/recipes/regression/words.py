"""What the figures of a model of a number are called."""

from components.core.words import Word

METRICS = {
    "rmse": Word("RMSE", "the root of the mean squared error, in the target's units; 0 is best"),
    "mae": Word("MAE", "the mean absolute error, in the target's units; 0 is best"),
    "r2": Word("R²", "the share of the target's variance that is explained; 0 is who answers the mean, 1 is best"),
    "pinball": Word("pinball loss", "of the ends of the interval, as the quantiles that they state; 0 is best"),
    "coverage": Word("coverage", "the share of rows whose true value is within its interval"),
    "width": Word("width", "of the interval on average, in the target's units; narrow is best at the same coverage"),
}
BASELINES = {
    "lightgbm": Word("LightGBM", "gradient-boosted trees, trained on the same rows"),
    "ridge": Word("ridge regression", "on splines of the numbers, trained on the same rows"),
}

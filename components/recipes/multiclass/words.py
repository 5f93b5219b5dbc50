"""What the figures of a model of several classes are called."""

from components.core.words import Word

METRICS = {
    "log_loss": Word("log loss", "the mean of -log of the probability of what happened; 0 is best"),
    "macro_f1": Word("macro-F1", "the mean over classes of their F1, each class counted alike; 1 is best"),
    "auc": Word("AUC", "the chance that a class's row gets more of its probability than another; 0.5 is a coin"),
    "accuracy": Word("accuracy", "the share of rows whose likeliest class is the true one"),
    "brier": Word("Brier score", "the squared errors of all probabilities of a row, averaged over rows; 0 is best"),
    "ece": Word("ECE", "how far the answer's probability is from the share that is right, in bins; 0 is best"),
    "class_ece": Word("ECE by class", "how far each class's probabilities are from its shares; 0 is best"),
    "auc@*": Word("AUC of a class", "the class against the rest; 0.5 is a coin, 1 is best"),
    "f1@*": Word("F1 of a class", "the harmonic mean of precision and recall of the answers that name it"),
}
BASELINES = {
    "lightgbm": Word("LightGBM", "gradient-boosted trees, trained on the same rows"),
    "logistic": Word("logistic regression", "multinomial, on splines of the numbers, trained on the same rows"),
}

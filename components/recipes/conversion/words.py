"""What the figures of a converter are called."""

from components.core.words import Word

METRICS = {
    "char_accuracy": Word("character accuracy", "the share of characters that are right; 1 is best"),
    "exact": Word("exact", "the share of clauses that are right as a whole"),
    "cer": Word(
        "character error rate", "edits from the reference to the answer, as a share of its characters; 0 is best"
    ),
    "bleu": Word("BLEU", "overlap of n-grams of characters with the reference, 0 to 100 (sacreBLEU's)"),
    "chrf": Word("chrF", "F-score of n-grams of characters, 0 to 100 (sacreBLEU's)"),
}
BASELINES = {
    "lattice": Word("word lattice", "all that is served but the network"),
    "word_bigram": Word("word bigrams", "the best path of words under bigrams"),
    "char_trigram": Word("character trigrams", "a beam over trigrams of characters"),
}

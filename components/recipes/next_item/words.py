"""What the figures of a recommender are called."""

from components.core.words import Word

METRICS = {
    "ndcg@*": Word("NDCG", "1 / log2(1 + rank) where the next item is among the first so many, else 0; 1 is best"),
    "hr@*": Word("hit rate", "the share of users whose next item is among the first so many"),
    "mrr@*": Word("MRR", "1 / rank where the next item is among the first so many, else 0; 1 is best"),
    "map@*": Word("MAP", "the same as MRR where one item is held out for a user"),
    "recall@*": Word("recall", "the same as the hit rate where one item is held out for a user"),
    "precision@*": Word("precision", "the hit rate divided by the length of the list"),
}
BASELINES = {
    "transitions": Word("item-to-item transitions", "what others came to after the same items"),
    "ease": Word("EASE", "ridge regression of each item on all others (Steck, 2019)"),
    "popularity": Word("popularity", "the most frequent items, the same for everybody"),
    "personal_popularity": Word("personal popularity", "the user's own most frequent items, then the most frequent"),
}

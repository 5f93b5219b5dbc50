"""Glossary of a card: what stands on it and is no everyday word, in one line each."""

import re
from collections.abc import Sequence

from components.core.results import LEARNER, MODEL
from components.core.words import Word, Words, in_order, word_of
from components.registry.facts import CardFacts

NETWORK = "the neural network by itself, without the members that it is blended with"
TERMS = {
    "served": "the answers of the registered bundle, as a client gets them: all members blended, in the picked variant",
    "gate": "the checks that a model must pass to become champion",
    "overridden": "somebody answers for it that the model serves although this check failed, until a date",
    "champion": "the version that answers, until another one passes the gate",
    "baseline": "a strong simple method, trained and judged beside the model; the gate asks the model to beat each",
    "paired difference": "both answer the same resampled rows, so that what is hard for both does not count",
    "PSI": "population stability index: how far a distribution has moved; below 0.1 is stable by custom",
    "fp32": "the variant in 32 bits, not compressed",
    "int8_dynamic": "weights in eight bits",
    "int8_static": "weights and activations in eight bits",
    "pruned": "the smallest weights or the weakest channels taken out, the rest trained on",
    "pruned_ngrams": "rare n-grams taken out",
    "distilled": "a smaller network that the model has taught",
    "low_rank": "matrices as products of thinner ones",
    "p50": "half of the answers came in this time, p99: all but one of a hundred",
    "loss on validation": "by how much the primary metric is worse than that of fp32; it alone decides which is picked",
    "IoU": "the overlap of two boxes: what they share over what they cover together",
}


def glossary(facts: CardFacts, body: str) -> list[tuple[str, str]]:
    """Metrics first, then baselines, then the terms that `body`, the card so far, has."""
    everybody = [metrics for one in facts.scores for metrics in one.by_model.values()]
    metrics = in_order(facts.metrics, {name for one in everybody for name in one}, facts.primary)
    models = {name for one in facts.scores for name in one.by_model} - {MODEL}
    baselines = [name for name in facts.baselines if name in models]
    terms = [(term, meaning) for term, meaning in TERMS.items() if re.search(rf"\b{re.escape(term)}\b", body)]
    interval = f"where {100 * facts.confidence:g}% of bootstrap resamples of the {facts.units} lie"
    return [
        *_lines(facts.metrics, metrics),
        *([(facts.network, NETWORK)] if LEARNER in models else []),
        *_lines(facts.baselines, baselines),
        ("brackets", interval),
        *terms,
    ]


def _lines(words: Words, names: Sequence[str]) -> list[tuple[str, str]]:
    """Names of one word share a line."""
    found: dict[Word, list[str]] = {}
    for name in names:
        if (word := word_of(words, name)) is not None:
            found.setdefault(word, []).append(name)
    return [(_term(word, named), word.meaning) for word, named in found.items()]


def _term(word: Word, names: Sequence[str]) -> str:
    code = ", ".join(f"`{name}`" for name in names)
    return code if [word.name] == list(names) else f"{word.name} ({code})"

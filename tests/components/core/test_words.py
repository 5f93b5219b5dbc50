"""Words for metrics: found by name or by pattern, and the order that they give."""

import pytest

from components.core.recipe import load_recipe
from components.core.recipe_names import recipes
from components.core.words import Word, in_order, spoken, word_of

WORDS = {"auc": Word("AUC", "a"), "ndcg@*": Word("NDCG", "n"), "ap50_*": Word("average precision", "p")}


def test_a_word_is_found_by_its_name_or_by_a_pattern() -> None:
    assert word_of(WORDS, "auc") == WORDS["auc"]
    assert word_of(WORDS, "ndcg@10") == WORDS["ndcg@*"]
    assert word_of(WORDS, "ap50_[odd] class") == WORDS["ap50_*"]
    assert word_of(WORDS, "auc@5y") is None
    assert (spoken(WORDS, "auc"), spoken(WORDS, "my_own")) == ("AUC", "my_own")


def test_the_primary_comes_first_then_the_order_of_the_words() -> None:
    names = ["ndcg@20", "my_own", "ndcg@10", "auc", "ndcg@5"]
    assert in_order(WORDS, names, "ndcg@10") == ["ndcg@10", "auc", "ndcg@5", "ndcg@20", "my_own"]


@pytest.mark.parametrize("name", recipes())
def test_every_recipe_has_words_that_begin_with_its_primary_metric(name: str) -> None:
    recipe = load_recipe(name)
    first, *_ = recipe.metrics
    assert word_of({first: recipe.metrics[first]}, recipe.primary) is not None
    assert recipe.baselines
    every = [*recipe.metrics.values(), *recipe.baselines.values()]
    assert [one for one in every if "\n" in one.meaning or one.meaning.endswith(".")] == []

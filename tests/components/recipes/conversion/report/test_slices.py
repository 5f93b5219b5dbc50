import numpy as np
import pytest

from components.core.errors import CasebookError
from components.evaluation.bootstrap import Resampling
from components.recipes.conversion.metrics.metrics import text_metrics
from components.recipes.conversion.metrics.text import char_accuracy
from components.recipes.conversion.report.confusions import character_table
from components.recipes.conversion.report.slices import (
    candidate_groups,
    character_slices,
    clause_slices,
    heteronym_groups,
    length_groups,
    rarity_groups,
    seen_groups,
)

TARGET = np.array(["银行", "行人来", "他们都来了", "好"], dtype=object)
SCORE = np.array(["银行", "形人来", "她们都来乐", "好"], dtype=object)
SYLLABLES = ["yin hang", "xing ren lai", "ta men dou lai le", "hao"]
TABLE = character_table(TARGET, SCORE, SYLLABLES)
PAIRS = {
    "hang": "行航",
    "xing": "行形",
    "yin": "银",
    "ta": "他她它",
    "le": "了乐",
    "liao": "了",
    "ren": "人",
    "e": "了",
}
BOOTSTRAP = Resampling(resamples=100, confidence=0.95, seed=0)


def by_name(found):
    return {one.name: one for one in found}


def test_clauses_by_length():
    groups = length_groups(TARGET, [2, 4])
    assert groups.tolist() == ["2 to 3", "2 to 3", "4 and more", "under 2"]
    found = clause_slices(text_metrics(), TARGET, SCORE, groups, minimum=2, resampling=BOOTSTRAP)
    assert [(one.name, one.counts["clauses"], one.counts["characters"], one.sufficient) for one in found] == [
        ("under 2", 1, 1, False),
        ("2 to 3", 2, 2 + 3, True),
        ("4 and more", 1, 5, False),
    ]
    assert found[1].metrics["char_accuracy"].value == (2 + 2) / (2 + 3)
    assert found[1].metrics["exact"].value == 1 / 2
    assert found[0].metrics == {}


def test_clauses_known_from_training():
    assert seen_groups(TARGET, ["好", "别的"]).tolist() == ["not in training"] * 3 + ["in training word for word"]


def test_characters_by_training_count():
    counts = {"银": 1, "行": 40, "人": 500, "来": 100}
    groups = rarity_groups(TABLE, counts, [1, 10, 100])
    assert groups.tolist()[:5] == ["1 to 9", "10 to 99", "10 to 99", "100 and more", "100 and more"]
    assert set(groups.tolist()[5:7]) == {"0"}
    found = by_name(character_slices(TABLE, groups, minimum=1, resampling=BOOTSTRAP))
    assert found["10 to 99"].metrics["char_accuracy"].value == 1 / 2  # 行 of 银行 is right, of 行人 it is not
    assert found["10 to 99"].counts == {"clauses": 2, "characters": 2}
    assert found["100 and more"].counts["characters"] == 3  # 人 and 来 twice


def test_characters_by_number_of_readings():
    groups = heteronym_groups(TABLE, PAIRS)
    named = dict(zip(TABLE["reference"], groups, strict=True))
    assert named["行"] == "two readings"
    assert named["了"] == "three and more"
    assert named["他"] == "one reading"
    assert named["好"] == "no reading known"


def test_characters_by_candidates_of_their_syllable():
    groups = candidate_groups(TABLE, PAIRS, [1, 2, 3])
    named = dict(zip(TABLE["syllable"], groups, strict=True))
    assert (named["ta"], named["hang"], named["yin"], named["dou"]) == ("3 and more", "2", "1", "0")


def test_groups_together_are_the_whole():
    found = character_slices(TABLE, heteronym_groups(TABLE, PAIRS), minimum=1, resampling=BOOTSTRAP)
    right = sum(one.counts["characters"] * one.metrics["char_accuracy"].value for one in found)
    assert right / sum(one.counts["characters"] for one in found) == pytest.approx(char_accuracy(TARGET, SCORE))
    few = character_slices(TABLE, heteronym_groups(TABLE, PAIRS), minimum=3, resampling=BOOTSTRAP)
    assert [one.sufficient for one in few] == [one.counts["characters"] >= 3 for one in found]


def test_edges_and_groups_that_do_not_fit_are_refused():
    for edges in ([], [0, 2], [3, 3]):
        with pytest.raises(CasebookError, match=r"clause length: edges .* must be whole numbers that rise"):
            length_groups(TARGET, edges)
    with pytest.raises(CasebookError, match="groups of 3 clauses, answers of 4"):
        clause_slices({}, TARGET, SCORE, length_groups(TARGET[:3], [2]), minimum=1, resampling=BOOTSTRAP)
    with pytest.raises(CasebookError, match="groups of 4 characters, answers of 11"):
        character_slices(TABLE, length_groups(TARGET, [2]), minimum=1, resampling=BOOTSTRAP)

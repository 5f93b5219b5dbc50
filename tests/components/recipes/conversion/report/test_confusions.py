import numpy as np
import pytest

from components.core.errors import CasebookError
from components.recipes.conversion.report.confusions import character_table, confusions

TARGET = np.array(["他们来", "她来", "他的", "天气好"], dtype=object)
SCORE = np.array(["她们来", "他来", "她得", "天好"], dtype=object)
SYLLABLES = ["ta men lai", "ta lai", "ta de", "tian qi hao"]
TABLE = character_table(TARGET, SCORE, SYLLABLES)


def test_every_reference_character_has_a_row():
    assert TABLE["clause"].tolist() == [0, 0, 0, 1, 1, 2, 2, 3, 3, 3]
    assert "".join(TABLE["reference"]) == "他们来她来他的天气好"
    assert TABLE["answer"].tolist() == [*"她们来他来她得天", "", "好"]
    assert TABLE["right"].tolist() == [False, True, True, False, True, False, False, True, False, True]


def test_pairs_by_hand():
    found = confusions(TABLE, most=50)
    assert list(zip(found["reference"], found["answer"], found["syllable"], strict=True)) == [
        ("他", "她", "ta"),
        ("她", "他", "ta"),
        ("气", "", "qi"),
        ("的", "得", "de"),
    ]
    assert found["count"].tolist() == [2, 1, 1, 1]
    assert found["back"].tolist() == [1, 2, 0, 0]
    assert found["of"].tolist() == [2, 1, 1, 1]
    assert found["rate"].tolist() == [1.0] * 4
    assert found["share"].tolist() == [2 / 5, 1 / 5, 1 / 5, 1 / 5]


def test_the_share_is_of_all_that_is_wrong_and_only_the_most_frequent_are_kept():
    found = confusions(TABLE, most=1)
    assert (len(found), found["share"][0]) == (1, 2 / 5)


def test_nothing_wrong_is_an_empty_table():
    found = confusions(character_table(TARGET, TARGET, SYLLABLES), most=50)
    assert len(found) == 0
    assert list(found)[:3] == ["reference", "answer", "syllable"]


def test_what_is_added_has_no_row():
    table = character_table(np.array(["天好"]), np.array(["天气好"]), ["tian hao"])
    assert table["answer"].tolist() == ["天", "好"]


def test_a_clause_needs_a_syllable_for_each_character():
    with pytest.raises(CasebookError, match="1 of 4 clauses have not one per character, such as '她来' with 'ta'"):
        character_table(TARGET, SCORE, ["ta men lai", "ta", "ta de", "tian qi hao"])
    with pytest.raises(CasebookError, match="4 clauses and syllables of 1"):
        character_table(TARGET, SCORE, ["ta men lai"])

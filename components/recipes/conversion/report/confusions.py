"""Every character of the references beside what was answered, and which are taken for which."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from components.core.errors import CasebookError
from components.recipes.conversion.metrics.alignment import aligned
from components.recipes.conversion.metrics.rows import checked


def character_table(target: np.ndarray, score: np.ndarray, syllables: Sequence[str]) -> pd.DataFrame:
    """One row a reference character: `clause` (its row of `target`), `reference`, `answer`, `syllable`, `right`.

    `syllables` (N,) are separated by spaces, one for each reference character. `answer` is "" where the
    character was dropped; what was added to a clause stands opposite no reference and has no row.

    Raises:
        CasebookError: a clause has another number of syllables than of characters.
    """
    references, answers = checked(target, score)
    spelled = [str(text).split() for text in syllables]
    if len(spelled) != len(references):
        raise CasebookError(f"{len(references)} clauses and syllables of {len(spelled)}: give both for each")
    other = [row for row, text in enumerate(references) if len(spelled[row]) != len(text)]
    if other:
        row = other[0]
        raise CasebookError(
            f"syllables: {len(other)} of {len(references)} clauses have not one per character, such as "
            f"{references[row]!r} with {' '.join(spelled[row])!r}"
        )
    pairs = [[pair for pair in aligned(*both) if pair[0]] for both in zip(references, answers, strict=True)]
    table = pd.DataFrame(
        {
            "clause": np.repeat(np.arange(len(references)), [len(text) for text in references]),
            "reference": [one for clause in pairs for one, _ in clause],
            "answer": [other for clause in pairs for _, other in clause],
            "syllable": [syllable for clause in spelled for syllable in clause],
        }
    ).astype({"reference": object, "answer": object, "syllable": object})
    return table.assign(right=table["reference"] == table["answer"])


def confusions(table: pd.DataFrame, *, most: int) -> pd.DataFrame:
    """The `most` frequent wrong answers of `character_table`, most frequent first; equal counts by code point.

    Columns `reference`, `answer`, `syllable`, `count`; `back`, how often the two were taken for each other
    the other way round; `of`, how often the reference was asked for by that syllable, and `rate`, the
    share `count` is of it; `share`, that of all wrong characters.
    """
    pair = ["reference", "answer", "syllable"]
    wrong = table[~table["right"]].groupby(pair, sort=False).size().rename("count").reset_index()
    asked = table.groupby(["reference", "syllable"], sort=False).size().rename("of").reset_index()
    swapped = wrong.rename(columns={"reference": "answer", "answer": "reference", "count": "back"})
    found = wrong.merge(asked, on=["reference", "syllable"]).merge(swapped, on=pair, how="left")
    found = found.sort_values(["count", *pair], ascending=[False, True, True, True], ignore_index=True)
    found["back"] = found["back"].fillna(0).astype(np.int64)
    found["rate"] = found["count"] / found["of"]
    found["share"] = found["count"] / max(int(wrong["count"].sum()), 1)
    return found.loc[: most - 1, [*pair, "count", "back", "of", "rate", "share"]]

"""An evaluation by features that are not prepared is refused before any stage runs."""

from pathlib import Path
from typing import Any

import pytest

from components.core.errors import CasebookError
from tests.toy.jobs import toy_job


@pytest.mark.parametrize(
    ("values", "told"),
    [
        (
            {"evaluate__user_features": ["gendre"]},
            r"recommender.evaluate.user_features: 'gendre' is no feature of prepare.users.columns: there are age, "
            r"gender; did you mean 'gender'\?; correct it, or set it to \[\]",
        ),
        ({"prepare__users": None}, r"'gender' is no feature of prepare.users.columns: there are none; correct it"),
        ({"evaluate__genres": "year"}, r"evaluate.genres: 'year' is no .* of the kind set: there are genres"),
        ({"prepare__items": None}, r"evaluate.genres: 'genres' is no .*there are none; .* or set it to null"),
    ],
)
def test_a_feature_that_is_not_there_is_told(tmp_path: Path, values: dict[str, Any], told: str) -> None:
    with pytest.raises(CasebookError, match=told):
        toy_job("recommender", tmp_path, **values)

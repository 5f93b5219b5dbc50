import json

import numpy as np
import pandas as pd

from components.kits.tables.typical import typical_values


def test_a_typical_row_has_medians_and_the_most_frequent_values():
    rows = pd.DataFrame(
        {
            "debt": [1.0, 2.0, 10.0, np.nan],
            "count": [1, 2, 4, 9],
            "home": ["rent", "own", "own", None],
            "tie": ["b", "a", "b", "a"],
            "known": [True, True, False, True],
            "empty": [np.nan] * 4,
            "blank": pd.Series([None] * 4, dtype="str"),
            "since": pd.to_datetime(["2020-03-01", "2020-01-01", None, "2020-02-01"]),
        }
    )
    found = typical_values(rows, list(rows))
    assert found == {
        "debt": 2.0,
        "count": (2 + 4) / 2,
        "home": "own",
        "tie": "a",
        "known": True,
        "empty": None,
        "blank": None,
        "since": "2020-02-01 00:00:00",
    }
    assert json.loads(json.dumps(found, allow_nan=False)) == found

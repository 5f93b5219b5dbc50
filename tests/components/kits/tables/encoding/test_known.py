"""What is strange about rows beside training, by hand."""

from typing import Any

import numpy as np
import pandas as pd

from components.kits.tables.encoding.cells import columns_of_rows
from components.kits.tables.encoding.convert import convert
from components.kits.tables.encoding.encode import fit_encoder
from components.kits.tables.encoding.known import Asked, Known
from components.kits.tables.encoding.reader import RowReader
from components.kits.tables.write import summarise
from tests.components.kits.tables.tables import CATEGORICAL, NUMERIC, spec

COLUMNS = {
    "age": {"kind": "numeric", "min": 18, "max": None},
    "income": NUMERIC,
    "home": CATEGORICAL,
    "paid": {"kind": "boolean"},
    "since": {"kind": "date", "formats": ["ISO8601"]},
}
PARAMS = spec(COLUMNS, derived={"ratio": "income / age"}, encode={"numeric": "standard", "knots": 2, "min_count": 2})
TRAIN = pd.DataFrame(
    {
        "age": ["20", "30", "60"],
        "income": ["1000", "3000", ""],
        "home": ["rent", "rent", "own"],
        "paid": ["yes", "no", ""],
        "since": ["2020-01-31", "2021-01-31", ""],
    }
)
TYPED = convert(TRAIN, PARAMS.columns, PARAMS.missing).frame
DATA = {
    "spec": PARAMS.model_dump(mode="json"),
    "summary": {name: summarise(TYPED[name], column.kind) for name, column in PARAMS.columns.items()},
}
ENCODER = fit_encoder(TYPED, PARAMS)
KNOWN = Known.of(DATA, ENCODER)
ORDINARY = {"age": 40, "income": 2000, "home": "own", "paid": "no", "since": "2030-01-01"}


def asked(*rows: dict[str, Any], known: Known = KNOWN) -> Asked:
    cells = columns_of_rows([{**ORDINARY, **row} for row in rows])
    read = RowReader.of(DATA).look(cells)
    return known.asked(cells, read, ENCODER.encode_rows(read.typed))


def test_the_least_the_middle_and_the_greatest_are_those_of_the_training_rows() -> None:
    assert KNOWN.places == {"age": 0, "income": 1}
    assert KNOWN.lowest[:2].tolist() == [20, 1000]
    assert KNOWN.middle[:2].tolist() == [30, 2000]
    assert KNOWN.highest[:2].tolist() == [60, 3000]
    assert np.isnan(KNOWN.middle[2:]).all()  # of truths, dates and what is derived nothing is said


def test_a_row_as_those_of_training_has_no_warning_nor_has_a_later_date() -> None:
    found = asked({}, {"age": 20, "income": 3000}, {"age": None, "income": "", "home": "", "paid": None})
    assert found.marks == ()
    assert KNOWN.warnings(found) == [[], [], []]


def test_what_is_strange_is_said_of_its_row_as_it_was_written() -> None:
    found = asked(
        {},
        {"age": 61.5, "income": "99"},
        {"age": "17", "home": "castle"},
        {"income": "1,5", "paid": "perhaps", "since": "1.2.2020"},
    )
    assert KNOWN.warnings(found) == [
        [],
        ["age = 61.5 is above training's 60", "income = 99 is below training's 1000"],
        ["age = '17' is below 18, taken as missing", "home = 'castle' is no class of training"],
        ["income: '1,5' cannot be read", "paid: 'perhaps' cannot be read", "since: '1.2.2020' cannot be read"],
    ]


def test_a_bundle_without_a_summary_still_knows_classes() -> None:
    known = Known.of({"spec": DATA["spec"]}, ENCODER)
    found = asked({"age": 99, "home": "castle"}, known=known)
    assert known.warnings(found) == [["home = 'castle' is no class of training"]]
    assert known.places == {}

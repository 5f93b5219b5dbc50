import pyarrow as pa

from components.kits.tables.encoding.laboratory import without_marks


def test_open_ends_and_flags_are_taken_off_and_nothing_else() -> None:
    cells = {
        "<0.01": "0.01",
        "> 5,3": "5,3",
        "≤7": "7",
        "80+": "80",
        "7.4 H": "7.4",
        "7.4*": "7.4",
        "<7 L": "7",
        "-5 LL": "-5",
        "5 (H)": "5",
        "12": "12",
        "1.2e3": "1.2e3",
        "3 kg": "3 kg",
        "10+ years": "10+ years",
        "H": "H",
    }
    assert without_marks(pa.array([*cells, None])).to_pylist() == [*cells.values(), None]

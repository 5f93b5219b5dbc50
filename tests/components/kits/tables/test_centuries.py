import pandas as pd
import pytest

from components.kits.tables.centuries import latest_year
from components.kits.tables.dates import latest_of

TODAY = 2026


@pytest.mark.parametrize(
    ("name", "years", "latest"),
    [
        ("v", range(40, 99), 2026),  # 1940 to 1998
        ("v", [*range(26, 100), *range(8)], 2025),  # 1926 to 2007: nothing falls into 08 to 25
        ("v", range(100), 2026),
        ("opened", range(10, 25), 2036),  # they go on
        ("ends", range(24, 32), 2041),  # 2024 to 2031, around today
        ("born", range(24, 32), 2023),  # 1924 to 1931
        ("v", range(24, 61), 2023),  # 1924 to 1960: 2060 is no plan
        ("v", [99], 2036),
        ("geburtsdatum", [20], 2026),
    ],
)
def test_the_last_year_that_two_digits_may_mean(name: str, years: range | list[int], latest: int) -> None:
    assert latest_year(name, years, TODAY) == latest


def test_years_of_four_digits_ask_for_none() -> None:
    texts = pd.Series(["14.01.42", "14.01.1950"])
    assert latest_of("v", texts, ("%d.%m.%Y",), TODAY) is None
    assert latest_of("v", texts, ("%d.%m.%y", "%d.%m.%Y"), TODAY) == 2026

from hypothesis import given
from hypothesis import strategies as st

from components.core.seeds import STRIDE, derived_seed

COUNTS = st.integers(0, STRIDE - 1)


def test_no_position_is_the_seed_itself() -> None:
    assert derived_seed(7) == 7


def test_positions_are_digits_in_base_stride() -> None:
    assert derived_seed(7, 3) == 7 * 1_000_003 + 3
    assert derived_seed(7, 3, 5) == (7 * 1_000_003 + 3) * 1_000_003 + 5


def test_long_seeds_are_folded_into_what_torch_takes() -> None:
    large = derived_seed(2**62, 1, 2)
    assert large == ((2**62 * 1_000_003 + 1) % (2**63 - 1) * 1_000_003 + 2) % (2**63 - 1)
    assert 0 <= large < 2**63


@given(st.tuples(COUNTS, COUNTS), st.tuples(COUNTS, COUNTS))
def test_neighbouring_seeds_share_no_stream(first: tuple[int, int], second: tuple[int, int]) -> None:
    assert (derived_seed(*first) == derived_seed(*second)) == (first == second)

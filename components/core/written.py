"""A figure as people write it: shares to four decimals, what counts in thousands without any."""


def written(value: float, sign: str = "") -> str:
    """`0.8660`, `132.50`, `19,535`; with `sign` "+" a figure of 0 or more has a plus."""
    size = abs(value)
    decimals = 4 if size < 100 else 2 if size < 1_000 else 0
    return f"{value:{sign},.{decimals}f}"


def written_interval(value: float, low: float, high: float, sign: str = "") -> str:
    """`0.8660 [0.8388, 0.8916]`, all with the decimals of the figure of the largest size."""
    size = max(abs(one) for one in (value, low, high) if one == one) if value == value else 0.0
    decimals = 4 if size < 100 else 2 if size < 1_000 else 0
    first, second, third = (f"{one:{sign},.{decimals}f}" for one in (value, low, high))
    return f"{first} [{second}, {third}]"

"""Seeds derived from a run's seed, so that every draw depends on where it stands and not on history."""

# Larger than any count of epochs or steps in an epoch: neighbouring seeds never share a stream.
STRIDE = 1_000_003


def derived_seed(seed: int, *positions: int) -> int:
    """A seed for the draw at `positions`, such as (epoch,) or (epoch, batch), of the run `seed`."""
    for position in positions:
        seed = (seed * STRIDE + position) % (2**63 - 1)
    return seed

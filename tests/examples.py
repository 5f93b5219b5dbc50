"""How many examples the tests draw that draw them: few in `make test`, many in `make test-long`."""

from hypothesis import settings

FEW, LONG = 100, 25  # the first is Hypothesis' own number; the other, how many times as many


def register() -> None:
    # A machine that others work on is slow at times: how long an example takes says nothing.
    settings.register_profile("shared", deadline=None, max_examples=FEW)
    settings.register_profile("long", deadline=None, max_examples=FEW * LONG, derandomize=False, print_blob=True)
    settings.load_profile("shared")


def examples(few: int) -> int:
    """Of a test that is dearer or needs fewer than others; many times as many under the profile `long`."""
    return few * settings.default.max_examples // FEW

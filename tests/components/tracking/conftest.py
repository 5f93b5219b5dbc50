"""The registry's real store and toy case, for what is tracked in it."""

from tests.components.registry.conftest import (  # noqa: F401 - fixtures
    fresh_store,
    no_store_from_outside,
    root,
    start,
    toy,
    tracker,
)

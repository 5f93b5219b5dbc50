"""The registry's real store and toy case, for what is tracked in it."""

from tests.components.registry.conftest import (  # noqa: F401 - fixtures
    _no_store_from_outside,
    fresh_store,
    root,
    start,
    toy,
    tracker,
)

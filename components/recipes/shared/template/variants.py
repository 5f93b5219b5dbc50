"""Smaller ways to serve the network."""

from collections.abc import Mapping

from components.core.contracts import LEARNER, Maker
from components.recipes.shared.variants import in_int8

VARIANTS: Mapping[str, Maker] = {"int8_dynamic": in_int8(LEARNER)}

"""Smaller ways to serve the network."""

from collections.abc import Mapping

from components.core.parts import Maker
from components.core.results import LEARNER
from components.recipes.shared.variants import in_int8

VARIANTS: Mapping[str, Maker] = {"int8_dynamic": in_int8(LEARNER)}

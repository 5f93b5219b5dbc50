"""docs/recipes.md has a section for each recipe: its primary metric, and each metric that is better low."""

import re
from pathlib import Path

import pytest

from components.core.recipe import load_recipe
from components.core.recipe_names import recipes

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "recipes.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^## `(\w+)`\n(.*?)(?=^## |\Z)", PAGE, flags=re.MULTILINE | re.DOTALL))


def test_every_recipe_has_a_section_and_a_line_of_the_table() -> None:
    assert sorted(SECTIONS) == sorted(recipes()), "write a section of docs/recipes.md, and a line of its table"
    rows = re.findall(r"^\| `(\w+)` \|.*\| `([\w@]+)` \|$", PAGE, flags=re.MULTILINE)
    assert dict(rows) == {name: load_recipe(name).primary for name in recipes()}


@pytest.mark.parametrize("name", recipes())
def test_a_metric_that_is_better_low_is_marked(name: str) -> None:
    recipe, section = load_recipe(name), SECTIONS[name]
    assert set(re.findall(r"`([\w@]+)` ↓", section)) == set(recipe.lower_is_better)
    primary = re.sub(r"@10$", "@k", recipe.primary)
    assert f"`{primary}`" in section

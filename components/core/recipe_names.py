"""Where recipes lie: their names, and those of their modules. Imports none of them."""

from pathlib import Path

PACKAGE = "components.recipes"
FOLDER = Path(__file__).resolve().parents[1] / "recipes"


def part_module(recipe: str, part: str) -> str:
    """The dotted name of a part: a module of the recipe's folder, or in a folder of its own the module of its name."""
    name = f"{PACKAGE}.{recipe}.{part}"
    return f"{name}.{part}" if (FOLDER / recipe / part).is_dir() else name


def recipe_module(recipe: str) -> str:
    """The dotted name of a recipe's declaration."""
    return f"{PACKAGE}.{recipe}.recipe"


def recipes() -> tuple[str, ...]:
    """The names of all recipes, found as folders: adding one edits no list."""
    return tuple(sorted(path.parent.name for path in FOLDER.glob("*/recipe.py")))

"""A recipe of a newcomer's own: the template of `components/recipes/shared`, which the tests run, under a new name."""

import re
import shutil
from pathlib import Path

from components.core.errors import CasebookError
from components.core.files import whole_file, whole_folder, write_text
from components.core.params.defaults import DEFAULTS
from components.core.params.load import load_params
from components.core.recipe_names import FOLDER, recipes
from pipelines.commands.newcase import LONGEST, NAME, check_name, write_case

TEMPLATE = FOLDER / "shared" / "template"
DOTTED = "shared.template"  # its name as a recipe
ROWS, BLOCK, STUB = "rows.csv", "case.yaml", "test_recipe.py"  # of the template, what goes elsewhere
TOY_VALUES = "# What the tests change in the case's params so that they take seconds.\nfit.max_epochs: 4\n"
OURS = re.compile(r"(?:^from components\.\S+ import .+\n)+", re.MULTILINE)


def new_recipe(root: Path, name: str) -> list[Path]:
    """Write the recipe, a case of it in `params.yaml`, toy rows and a test; return the files, relative to `root`.

    Raises:
        CasebookError: the name is unfit, or a recipe, a case or a folder has it.
    """
    check_recipe_name(root, name)
    recipe, toy, tests = (root / place for place in _places(name))
    with whole_folder(recipe) as folder:
        for path in sorted(TEMPLATE.glob("*.py")):
            if path.name != STUB:
                write_text(folder / path.name, renamed(path.read_text(encoding="utf-8"), name))
        write_text(folder / DEFAULTS, (TEMPLATE / DEFAULTS).read_text(encoding="utf-8").replace("NAME", name))
    with whole_folder(toy) as folder:
        shutil.copyfile(TEMPLATE / ROWS, folder / ROWS)
        write_text(folder / "overrides.yaml", TOY_VALUES)
    tests.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(tests) as temporary:
        write_text(temporary, renamed((TEMPLATE / STUB).read_text(encoding="utf-8"), name))
    write_case(root, name, {}, block_text(name))
    written = [*sorted(recipe.iterdir()), *sorted(toy.iterdir()), tests, root / "params.yaml"]
    return [path.relative_to(root) for path in written]


def check_recipe_name(root: Path, name: str) -> None:
    """Raises CasebookError if the name is no name, or taken."""
    if not NAME.fullmatch(name) or len(name) > LONGEST:
        raise CasebookError(f"{name!r} cannot name a recipe: use small letters, digits and _, such as `energy_use`")
    check_name(load_params(root / "params.yaml"), name)
    if name in recipes() or (taken := [place for place in _places(name) if (root / place).exists()]):
        there = f"components/recipes/{name}" if name in recipes() else str(taken[0])
        raise CasebookError(f"{there} is there already; take another name, or remove it first")


def renamed(text: str, name: str) -> str:
    """A module of the template as one of the recipe `name`, its imports of ours in the order that ruff asks for."""
    return OURS.sub(lambda found: "".join(sorted(found[0].splitlines(keepends=True))), text.replace(DOTTED, name))


def block_text(name: str) -> str:
    """The case of the recipe, on its toy rows, as it stands in `params.yaml`."""
    text = (TEMPLATE / BLOCK).read_text(encoding="utf-8")
    return text.replace(DOTTED, name).replace("NAME", name)


def _places(name: str) -> tuple[Path, Path, Path]:
    """The folders of the recipe and of its toy rows, and its test."""
    recipe, tests = Path("components/recipes") / name, Path("tests/components/recipes") / name
    return recipe, Path("tests/toy") / name, tests / f"test_{name}.py"

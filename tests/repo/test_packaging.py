"""What `pip install` takes from the checkout."""

from pathlib import Path

from setuptools import Distribution
from setuptools.config.pyprojecttoml import apply_configuration

from tests.toy.jobs import CHECKOUT


def test_the_package_for_python_is_installed_under_its_own_name_alone() -> None:
    found = apply_configuration(Distribution({"src_root": str(CHECKOUT)}), CHECKOUT / "pyproject.toml")
    assert {"components", "pipelines", "casebook"} == {name.partition(".")[0] for name in found.packages}
    assert [name for name in found.packages if name.startswith("pipelines.api")] == []
    folder = Path(CHECKOUT, found.package_dir["casebook"])
    assert (folder / "py.typed").is_file()
    assert "def load(" in (folder / "__init__.py").read_text(encoding="utf-8")
    assert found.package_data["casebook"] == ["py.typed"]

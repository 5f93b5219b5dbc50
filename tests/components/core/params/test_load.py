"""`params.yaml` is read whole, or what is wrong with the file is one message."""

from pathlib import Path

import pytest

from components.core.errors import CasebookError
from components.core.params.load import load_case, load_params

SHIPPED = Path(__file__).parents[4] / "params.yaml"
CASE = "finance_risk"


def test_the_shipped_params_are_read_whole(shipped):
    params = load_params(SHIPPED)
    assert sorted(params.cases) == sorted(shipped["cases"])
    for name, block in shipped["cases"].items():
        assert params.case(name).fit.lr == block["fit"]["lr"]
        assert params.case(name).source.kind == block["source"]["kind"]


@pytest.mark.parametrize("text", [b"cases: [1, 2\n", b"\tcases: 1\n", b"cases: \xff\xfe\n", b"a: b: c\n", b"\x00"])
def test_what_is_not_yaml_is_told(text, tmp_path):
    path = tmp_path / "params.yaml"
    path.write_bytes(text)
    with pytest.raises(CasebookError) as error:
        load_params(path)
    assert str(error.value).startswith(f"{path}: not YAML: ")


@pytest.mark.parametrize("text", ["", "# nothing\n", "- a\n", "word\n"])
def test_yaml_that_is_no_mapping_is_told(text, tmp_path):
    (tmp_path / "params.yaml").write_text(text)
    with pytest.raises(CasebookError, match=r"^params\.yaml: 1 key\(s\) are wrong"):
        load_params(tmp_path / "params.yaml")


def test_a_missing_file_is_told_with_where_to_run(tmp_path):
    with pytest.raises(CasebookError, match=r"params\.yaml: not found; run this in the root of a checkout"):
        load_params(tmp_path / "params.yaml")


def test_a_file_that_is_to_take_anothers_place_is_named_as_that(tmp_path: Path) -> None:
    path = tmp_path / ".params.1a2b.yaml"
    path.write_text("cases: {mine: {recipe: binray, start: null}}\n", encoding="utf-8")
    with pytest.raises(CasebookError, match=r"^params\.yaml: no recipe 'binray'; did you mean 'binary'\?"):
        load_params(path, "params.yaml")


@pytest.mark.parametrize("text", ["[1, 2]\n", "words\n", ""])
def test_a_file_that_is_no_map_is_one_message_for_who_asks_for_one_case(tmp_path: Path, text: str) -> None:
    path = tmp_path / "params.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(CasebookError, match=r"^params\.yaml: "):
        load_case(path, CASE)

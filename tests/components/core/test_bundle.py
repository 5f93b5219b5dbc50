import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from components.core.bundle import FORMAT, Manifest, bundle_md5, read_bundle, write_bundle
from components.core.errors import CasebookError


def doubling_graph(factor=2.0):
    """A real graph: y = factor * x for x (N, 3)."""
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["rows", 3])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, ["rows", 3])
    weight = helper.make_tensor("factor", TensorProto.FLOAT, [1], [factor])
    graph = helper.make_graph([helper.make_node("Mul", ["x", "factor"], ["y"])], "double", [x], [y], [weight])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    onnx.checker.check_model(model)
    return model.SerializeToString()


MANIFEST = Manifest(case="toy", predictor="table", graphs=("network",), settings={"threshold": 0.4, "名": ["甲"]})
CONTENTS = {
    "network.onnx": doubling_graph(),
    "encoder.json": {"b": [1, 2], "a": None},
    "card.md": "# Card\n",
    "lists/words.json": ["一", "二"],
}


@pytest.fixture
def folder(tmp_path):
    write_bundle(tmp_path / "bundle", MANIFEST, CONTENTS)
    return tmp_path / "bundle"


def test_what_was_written_is_read(folder):
    bundle = read_bundle(folder, threads=1)
    assert bundle.manifest == MANIFEST
    assert bundle.json("encoder") == {"a": None, "b": [1, 2]}
    assert bundle.json("lists/words") == ["一", "二"]
    assert bundle.path("card.md").read_text() == "# Card\n"


def test_a_graph_is_opened_once_and_answers(folder):
    bundle = read_bundle(folder, threads=1)
    x = np.arange(6, dtype=np.float32).reshape(2, 3)
    np.testing.assert_array_equal(bundle.session("network").run(["y"], {"x": x})[0], 2 * x)
    assert bundle.session("network") is bundle.session("network")
    assert bundle.session("network").get_providers() == ["CPUExecutionProvider"]


def test_a_graph_that_quantizes_as_it_answers_mixes_rows(folder, tmp_path):
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["rows", 3])
    y = helper.make_tensor_value_info("y", TensorProto.UINT8, ["rows", 3])
    node = helper.make_node("DynamicQuantizeLinear", ["x"], ["y", "scale", "zero"])
    model = helper.make_model(
        helper.make_graph([node], "ranged", [x], [y]), opset_imports=[helper.make_opsetid("", 18)], ir_version=10
    )
    write_bundle(tmp_path / "other", MANIFEST, CONTENTS | {"network.onnx": model.SerializeToString()})
    other = read_bundle(tmp_path / "other", threads=1)
    row = np.ones((1, 3), np.float32)
    alone, beside = (
        other.session("network").run(["y"], {"x": rows})[0][0] for rows in (row, np.concatenate([row, 9 * row]))
    )
    assert (alone != beside).all()
    assert other.mixes_rows("network")
    assert not read_bundle(folder, threads=1).mixes_rows("network")


def test_threads_are_handed_to_the_graph(folder):
    options = read_bundle(folder, threads=2).session("network").get_session_options()
    assert (options.intra_op_num_threads, options.inter_op_num_threads) == (2, 1)


def test_threads_of_a_server_share_one_session(folder):
    bundle = read_bundle(folder, threads=1)
    with ThreadPoolExecutor(8) as pool:
        sessions = list(pool.map(lambda _: bundle.session("network"), range(32)))
    assert len({id(session) for session in sessions}) == 1


def test_reading_needs_neither_onnxruntime_nor_torch_and_opening_prints_nothing(folder):
    code = (
        "import sys; from pathlib import Path; from components.core.bundle import read_bundle\n"
        "bundle = read_bundle(Path(sys.argv[1]), threads=1)\n"
        "print(sorted({'onnxruntime', 'torch', 'pandas'} & set(sys.modules)))\n"
        "bundle.session('network')"
    )
    done = subprocess.run([sys.executable, "-c", code, folder], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
    assert done.stderr == ""


def test_the_same_contents_give_the_same_bytes(folder, tmp_path):
    write_bundle(tmp_path / "again", MANIFEST, dict(reversed(CONTENTS.items())))
    assert bundle_md5(folder) == bundle_md5(tmp_path / "again")
    assert bundle_md5(folder).endswith(".dir")


def test_a_variant_is_the_same_contents_with_another_graph(folder, tmp_path):
    (tmp_path / "triple.onnx").write_bytes(doubling_graph(3.0))
    contents = {**read_bundle(folder, threads=1).contents(), "network.onnx": tmp_path / "triple.onnx"}
    write_bundle(tmp_path / "variant", MANIFEST, contents)
    variant = read_bundle(tmp_path / "variant", threads=1)
    assert variant.session("network").run(None, {"x": np.ones((1, 3), np.float32)})[0].tolist() == [[3, 3, 3]]
    assert variant.json("encoder") == CONTENTS["encoder.json"]
    assert bundle_md5(folder) != bundle_md5(tmp_path / "variant")


def test_a_bundle_can_be_written_onto_its_own_folder(folder):
    before = bundle_md5(folder)
    write_bundle(folder, MANIFEST, read_bundle(folder, threads=1).contents())
    assert bundle_md5(folder) == before


def test_a_failed_write_leaves_the_old_bundle(folder, tmp_path):
    before = bundle_md5(folder)
    with pytest.raises(FileNotFoundError):
        write_bundle(folder, MANIFEST, {**CONTENTS, "card.md": tmp_path / "absent.md"})
    assert bundle_md5(folder) == before
    assert [path.name for path in tmp_path.iterdir()] == ["bundle"]


def test_a_changed_file_is_named(folder):
    (folder / "encoder.json").write_text("{}")
    with pytest.raises(
        CasebookError, match=r"1 file\(s\) not what was written .*: encoder.json; make the bundle again"
    ):
        read_bundle(folder, threads=1)


def test_a_missing_file_is_named(folder):
    (folder / "lists/words.json").unlink()
    with pytest.raises(CasebookError, match=r"1 file\(s\) missing: lists/words.json"):
        read_bundle(folder, threads=1)


def test_an_unlisted_file_is_named(folder):
    (folder / "notes.txt").write_text("x")
    with pytest.raises(CasebookError, match=r"1 file\(s\) not listed in bundle.json: notes.txt"):
        read_bundle(folder, threads=1)


@pytest.mark.parametrize("name", ["model.pkl", "predict.py", "network.onnx.data", "README", ".hidden"])
def test_files_that_could_run_code_are_refused_in_both_directions(folder, tmp_path, name):
    message = rf"1 file\(s\) of a kind that a bundle may not hold .*{name}"
    with pytest.raises(CasebookError, match=message):
        write_bundle(tmp_path / "other", MANIFEST, {**CONTENTS, name: b"x"})
    assert not (tmp_path / "other").exists()
    (folder / name).write_bytes(b"x")
    with pytest.raises(CasebookError, match=message):
        read_bundle(folder, threads=1)


def test_graphs_and_manifest_must_agree(tmp_path):
    two = MANIFEST.model_copy(update={"graphs": ("network", "trees")})
    with pytest.raises(CasebookError, match=r"named in the manifest's graphs but not among the files: trees.onnx"):
        write_bundle(tmp_path / "bundle", two, CONTENTS)
    with pytest.raises(CasebookError, match=r"not named in the manifest's graphs: trees.onnx"):
        write_bundle(tmp_path / "bundle", MANIFEST, {**CONTENTS, "trees.onnx": doubling_graph()})


def test_the_index_cannot_be_given(tmp_path):
    with pytest.raises(CasebookError, match=r"bundle.json is the bundle's own index"):
        write_bundle(tmp_path / "bundle", MANIFEST, {**CONTENTS, "bundle.json": {}})


def test_a_folder_that_is_no_bundle(tmp_path):
    with pytest.raises(CasebookError, match=r"bundle.json: not found; .* is no bundle"):
        read_bundle(tmp_path, threads=1)
    with pytest.raises(CasebookError, match="not found"):
        read_bundle(tmp_path / "absent", threads=1)


@pytest.mark.parametrize("text", ["{", "\x00"])
def test_an_index_that_is_not_json(folder, text):
    (folder / "bundle.json").write_text(text)
    with pytest.raises(CasebookError, match=r"bundle.json: damaged \(not JSON"):
        read_bundle(folder, threads=1)


def test_another_format_is_told_apart_from_a_broken_one(folder):
    index = json.loads((folder / "bundle.json").read_text())
    newer = {**index, "manifest": {**index["manifest"], "format": FORMAT + 1, "signature": "x"}}
    (folder / "bundle.json").write_text(json.dumps(newer))
    with pytest.raises(CasebookError, match=rf"format {FORMAT + 1}, but this version of casebook reads {FORMAT}"):
        read_bundle(folder, threads=1)
    (folder / "bundle.json").write_text(json.dumps({**index, "manifest": {**index["manifest"], "case": 3}}))
    with pytest.raises(CasebookError, match=r"manifest.case: .*not 3"):
        read_bundle(folder, threads=1)


def test_a_listed_path_outside_the_folder_is_missing_not_read(folder):
    index = json.loads((folder / "bundle.json").read_text())
    index["files"]["../secret.json"] = "0" * 64
    (folder.parent / "secret.json").write_text("{}")
    (folder / "bundle.json").write_text(json.dumps(index))
    with pytest.raises(CasebookError, match=r"missing: ../secret.json"):
        read_bundle(folder, threads=1)


def test_a_graph_that_is_none_is_named_when_it_is_opened(tmp_path):
    write_bundle(tmp_path / "bundle", MANIFEST, {**CONTENTS, "network.onnx": b"no graph"})
    with pytest.raises(CasebookError, match=r"network.onnx: onnxruntime cannot open this graph"):
        read_bundle(tmp_path / "bundle", threads=1).session("network")


def test_an_absent_name_lists_what_there_is(folder):
    with pytest.raises(CasebookError, match=r"no file 'trees.onnx' in this bundle; there are: card.md, encoder.json"):
        read_bundle(folder, threads=1).session("trees")

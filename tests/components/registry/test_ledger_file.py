"""The ledger's file: whole lines, also after a kill or a power cut, closed to other users."""

import json
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path

import pytest

from components.registry.ledger import LostRegistryError, history, known_model
from components.registry.ledger_file import Content, add_lines, canonical, digest_of, ledger_path, read_lines
from components.registry.ledger_writing import append, catch_up
from components.tracking.track import Tracker, connect
from tests.components.registry.test_ledger import CASE, promoted, refused

FIRST, SECOND = {"number": 1, "by": "ann"}, {"number": 2, "by": "böb"}
VERSION = {"model": "m-1", "tags": {"bundle_md5": "0.dir"}}


@pytest.fixture
def registered(tracker: Tracker) -> Tracker:
    tracker.client.create_registered_model(CASE)
    return tracker


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_what_was_written_is_read(tmp_path: Path) -> None:
    add_lines(tmp_path, CASE, [(FIRST, VERSION)])
    add_lines(tmp_path, CASE, [(SECOND, None)])
    content = read_lines(ledger_path(tmp_path, CASE))
    assert [(line.number, line.entry, line.version) for line in content.lines] == [
        (1, FIRST, VERSION),
        (2, SECOND, None),
    ]
    assert (content.newest, content.count, content.unreadable, content.torn) == (2, 2, (), False)
    assert read_lines(tmp_path / "none.jsonl") == Content()


def test_equal_entries_have_one_digest_in_any_order_of_their_keys() -> None:
    assert digest_of(FIRST) == digest_of({"by": "ann", "number": 1}) != digest_of(SECOND)
    assert canonical({"b": 1, "a": "é"}) == '{"a":"é","b":1}'


@pytest.mark.parametrize("shared", [False, True])
def test_it_is_closed_to_others_as_the_stores_are(tmp_path: Path, shared: bool) -> None:
    if shared:
        (tmp_path / "params.yaml").write_text("operate: {shared: true}\n", encoding="utf-8")
    umask = os.umask(0)
    try:
        add_lines(tmp_path, CASE, [(FIRST, None)])
    finally:
        os.umask(umask)
    path = ledger_path(tmp_path, CASE)
    assert (mode(path), mode(path.parent)) == ((0o660, 0o770) if shared else (0o600, 0o700))


@pytest.mark.parametrize("rest", [b'{"entry":{"number":2', b"\0\0\0\0", b'{"entry":{"number":2},"version":null}'])
def test_a_torn_line_gives_way_to_the_next(tmp_path: Path, rest: bytes) -> None:
    path = ledger_path(tmp_path, CASE)
    add_lines(tmp_path, CASE, [(FIRST, None)])
    whole = path.read_bytes()
    path.write_bytes(whole + rest)
    assert read_lines(path).torn
    assert read_lines(path).newest == 1
    add_lines(tmp_path, CASE, [(SECOND, None)])
    assert path.read_bytes().startswith(whole)
    assert [line.entry["number"] for line in read_lines(path).lines] == [1, 2]


@pytest.mark.parametrize("text", [b"", b"{}", b"[1]", b'{"entry":{},"version":null}', b"\xff\xfe", b"[" * 9999])
def test_lines_that_are_none_are_numbered(tmp_path: Path, text: bytes) -> None:
    path = ledger_path(tmp_path, CASE)
    add_lines(tmp_path, CASE, [(FIRST, None)])
    path.write_bytes(text + b"\n" + path.read_bytes())
    content = read_lines(path)
    assert (content.unreadable, [line.number for line in content.lines]) == ((1,), [2])


def test_a_kill_between_tag_and_line_is_healed_by_the_next_decision(
    registered: Tracker, monkeypatch: pytest.MonkeyPatch
) -> None:
    append(registered, CASE, promoted("1", None))
    with monkeypatch.context() as patch:
        patch.setattr("components.registry.ledger_writing.add_lines", killed)
        with pytest.raises(KeyboardInterrupt):
            append(registered, CASE, refused("2", "1"))
    path = ledger_path(registered.root, CASE)
    assert read_lines(path).newest == 1
    assert len(history(registered, CASE)) == 2
    append(registered, CASE, promoted("3", "1"))
    assert [line.entry["version"] for line in read_lines(path).lines] == ["1", "2", "3"]


def killed(*_: object) -> None:
    raise KeyboardInterrupt


def test_a_line_cut_off_by_a_power_cut_is_written_again_from_the_tags(
    registered: Tracker, caplog: pytest.LogCaptureFixture
) -> None:
    for number in ("1", "2"):
        append(registered, CASE, promoted(number, None))
    path = ledger_path(registered.root, CASE)
    whole = path.read_bytes()
    path.write_bytes(whole[:-40])
    catch_up(registered, CASE)
    assert path.read_bytes() == whole
    assert "line 2 was cut off, as by a power cut; written again from MLflow's tags" in caplog.text


def test_a_line_that_somebody_took_away_is_not_put_behind_later_ones(registered: Tracker) -> None:
    """`verify` tells of it, and how it comes back in its place."""
    for number in ("1", "2", "3"):
        append(registered, CASE, promoted(number, None))
    path = ledger_path(registered.root, CASE)
    first, _, third = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text(first + third, encoding="utf-8")
    catch_up(registered, CASE)
    assert path.read_text(encoding="utf-8") == first + third
    path.unlink()
    catch_up(registered, CASE)
    assert [line.entry["version"] for line in read_lines(path).lines] == ["1", "2", "3"]


def test_processes_at_once_make_one_chain(registered: Tracker) -> None:
    def work(version: str) -> None:
        append(connect(registered.root), CASE, refused(version, None))

    with ThreadPoolExecutor(3) as threads:
        list(threads.map(work, ["1", "2", "3", "4", "5", "6"]))
    entries = history(registered, CASE)
    assert [one.number for one in entries] == [1, 2, 3, 4, 5, 6]
    assert [one.parents for one in entries[1:]] == [[digest_of(asdict(one))] for one in entries[:-1]]
    lines = read_lines(ledger_path(registered.root, CASE)).lines
    assert [line.entry for line in lines] == [json.loads(canonical(asdict(one))) for one in entries]


@pytest.mark.parametrize("text", ["nothing\n", '{"entry"'])
def test_a_file_that_cannot_be_read_beside_an_empty_registry_is_no_new_case(registered: Tracker, text: str) -> None:
    path = ledger_path(registered.root, CASE)
    path.parent.mkdir()
    path.write_text(text, encoding="utf-8")
    with pytest.raises(LostRegistryError, match=r"jsonl: no line of it can be read, and MLflow .* has no decision"):
        append(registered, CASE, promoted("1", None))
    path.write_text("", encoding="utf-8")
    assert append(registered, CASE, promoted("1", None)).number == 1


def test_a_registry_that_knows_less_than_the_file_is_one_message(registered: Tracker) -> None:
    add_lines(registered.root, CASE, [({**FIRST, "after": "1"}, None), ({**SECOND, "after": "4"}, None)])
    with pytest.raises(LostRegistryError) as caught:
        known_model(registered, CASE)
    assert str(caught.value) == (
        f"MLflow at {registered.uri} has lost 2 of 2 decisions about {CASE}: ledger/{CASE}.jsonl goes to number 2, "
        f"champion version 4, MLflow to none; `casebook restore-registry {CASE}` rebuilds it from that file and the "
        "models' files, `casebook restore FILE` brings a backup back; if it was cleared on purpose, move the file away"
    )
    with pytest.raises(LostRegistryError):
        append(registered, CASE, promoted("1", None))

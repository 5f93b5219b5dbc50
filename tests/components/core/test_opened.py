from pathlib import Path

from components.core.opened import kept_open, opened_once


@kept_open
def open_list(folder: Path, *, threads: int = 1) -> list[object]:
    return [folder, threads]


def test_the_same_bundle_is_opened_once_inside_and_each_time_outside(tmp_path: Path) -> None:
    assert open_list(tmp_path) is not open_list(tmp_path)
    with opened_once():
        first = open_list(tmp_path)
        assert open_list(tmp_path / "." / "") is first
        assert open_list(tmp_path, threads=2) == [tmp_path, 2]
        assert open_list(tmp_path / "other") is not first
    assert open_list(tmp_path) is not first
    with opened_once():
        assert open_list(tmp_path) is not first

import pytest

from components.training.launched import Launched, launched


def test_a_process_that_nobody_launched_has_no_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    monkeypatch.setenv("RANK", "3")  # another tool's
    assert launched() is None


def test_a_place_is_what_torchrun_tells(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"RANK": "5", "LOCAL_RANK": "1", "WORLD_SIZE": "8"}.items():
        monkeypatch.setenv(name, value)
    assert launched() == Launched(rank=5, local_rank=1, world_size=8)

import time
from pathlib import Path

from components.compression.measure import Speed, Variant, folder_bytes, measure_speed, pick
from components.core.results import Interval


def variant(name: str, size: int, loss: float) -> Variant:
    return Variant(name, size, Speed(1, 1, 1), Interval(loss, loss - 0.1, loss + 0.1), {}, 0.0, {})


def test_the_smallest_within_the_drop_is_picked() -> None:
    variants = [variant("fp32", 100, 0.0), variant("int8", 40, 0.002), variant("tiny", 10, 0.0021)]
    assert pick(variants, 0.002).name == "int8"
    assert pick(variants, 0.001).name == "fp32"
    assert pick(variants, 0.01).name == "tiny"


def test_a_gain_is_no_loss_and_of_equals_the_first_is_taken() -> None:
    assert pick([variant("fp32", 100, 0.0), variant("distilled", 100, -0.01)], 0.0).name == "fp32"
    assert pick([variant("fp32", 100, 0.0), variant("distilled", 99, -0.01)], 0.0).name == "distilled"


def test_a_loss_that_is_no_number_is_never_picked() -> None:
    assert pick([variant("fp32", 100, 0.0), variant("broken", 1, float("nan"))], 1.0).name == "fp32"


def test_bytes_of_a_folder_are_those_of_all_its_files(tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    (tmp_path / "a").write_bytes(b"123")
    (tmp_path / "inner" / "b").write_bytes(b"12345")
    assert folder_bytes(tmp_path) == 3 + 5


def test_one_row_is_timed_as_often_as_asked_and_batches_three_times() -> None:
    asked: list[int] = []

    def answer(count: int) -> None:
        asked.append(count)
        time.sleep(0.002 if count == 1 else 0.02)

    speed = measure_speed(answer, rows=50, repeats=20)
    assert asked.count(1) == 1 + 20  # one to warm up
    assert asked.count(50) == 3
    assert speed.p50_ms >= 2
    assert speed.p99_ms >= speed.p50_ms
    assert 0 < speed.per_s <= 50 / 0.02

"""Which crashes a worker takes for a kill."""

import pytest

from pipelines.operating.worker import by_signal


@pytest.mark.parametrize(
    ("message", "killed"),
    [
        ("Process exited with status code: -9. The process was killed.", True),
        ("Flow run infrastructure exited with non-zero status code -11.", True),
        ("Process exited with status code: 137. Out of memory.", True),
        ("Process exited with status code: 1. The flow raised.", False),
        ("the process of this run is gone", False),  # ended by us after too many attempts
        ("no heartbeat", False),
        ("", False),
    ],
)
def test_a_signal_is_told_from_an_exit_and_from_what_was_ended_on_purpose(message: str, killed: bool) -> None:
    assert by_signal(message) is killed

"""Warnings of one kind as one line."""

import logging

import pytest

from components.core.gathered import gathered_warnings

log = logging.getLogger("tests.gathered")


def test_warnings_of_one_message_are_one_line_with_their_number(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    with gathered_warnings(log.name):
        for group in ("a", "b", "c"):
            log.warning("%s: too few rows", group)
        log.warning("another kind")
        log.info("said at once")
        assert caplog.messages == ["said at once"]
    assert caplog.messages[1:] == ["a: too few rows (and 2 more of the kind)", "another kind"]
    log.warning("%s: too few rows", "d")
    assert caplog.messages[-1] == "d: too few rows"


def test_what_was_kept_back_is_said_where_the_block_fails(caplog: pytest.LogCaptureFixture) -> None:
    def fail() -> None:
        log.warning("100 % sure")
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"), gathered_warnings(log.name):
        fail()
    assert caplog.messages == ["100 % sure"]

"""The report of `make audit`: what is known, and that nothing is known when nobody answered."""

import json

from pipelines.commands.audit import OUT_OF_REACH, report

SAFE = {"name": "numpy", "version": "2.4.6", "vulns": []}
BAD = {"name": "flask", "version": "0.5", "vulns": [{"id": "PYSEC-2019-179", "fix_versions": ["1.0"], "aliases": []}]}
SKIPPED = {"name": "yarl", "skip_reason": "Dependency not found on PyPI and could not be audited: yarl (1.25.1)"}


def test_a_vulnerability_is_named_with_the_version_that_mends_it() -> None:
    lines = list(report(json.dumps({"dependencies": [SAFE, BAD, SKIPPED], "fixes": []}), ""))
    assert lines == [
        "1 known vulnerabilities in 2 of 3 pinned packages",
        "  flask 0.5: PYSEC-2019-179, mended in 1.0",
    ]


def test_silence_is_not_safety() -> None:
    (line,) = report(json.dumps({"dependencies": [SKIPPED], "fixes": []}), "")
    assert line == f"{OUT_OF_REACH} ({SKIPPED['skip_reason']})"
    (line,) = report("", "Traceback\nConnectionError: no route\n")
    assert line == f"{OUT_OF_REACH} (ConnectionError: no route)"

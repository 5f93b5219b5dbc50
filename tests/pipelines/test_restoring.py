"""What `casebook restore-registry` says, and what it refuses before it opens a store."""

from pathlib import Path

import pytest

from components.core.errors import CasebookError
from components.registry.restore import Restored
from pipelines.commands.restoring import in_words, restore_all


def test_what_is_gone_is_named_with_what_to_do() -> None:
    found = [Restored("loans"), Restored("cards", ("1", "3"), ("2",), 4, "3"), Restored("cells", (), ("1",), 1, None)]
    lines = list(in_words(found))
    assert lines[:2] == [
        "loans: MLflow has everything that its ledger file knows",
        "cards: MLflow has 4 decisions back, versions 1, 3, champion version 3",
    ]
    assert lines[2].startswith("  of version 2 there are no whole files")
    assert lines[3] == "cells: MLflow has 1 decision back, no version, no champion"
    assert lines[5].startswith("  `casebook run cells --force` makes another version")


def test_without_a_ledger_or_with_a_wrong_folder_it_is_one_message(tmp_path: Path) -> None:
    with pytest.raises(CasebookError, match=r"ledger/: no ledger of any case is there; `casebook restore FILE`"):
        restore_all(tmp_path, ["loans"], None, named=False)
    (tmp_path / "bucket").mkdir()
    with pytest.raises(CasebookError, match=r"bukket: no folder; did you mean .*bucket"):
        restore_all(tmp_path, ["loans"], tmp_path / "bukket", named=True)
    assert [path.name for path in tmp_path.iterdir()] == ["bucket"]

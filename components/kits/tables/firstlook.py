"""A first look at a table by the block that was guessed for it: its splits, and columns that may be known too late."""

import logging
from pathlib import Path
from typing import Any

import pandas as pd

from components.core.errors import CasebookError
from components.kits.tables.encoding.convert import convert
from components.kits.tables.hindsight import tell_hindsight
from components.kits.tables.outcome.outcome import Outcome
from components.kits.tables.shares import UNLIKELY
from components.kits.tables.split import groups_of
from components.kits.tables.write import split_by

log = logging.getLogger(__name__)


def look_at(
    frame: pd.DataFrame, block: dict[str, Any], outcome: Outcome, file: Path, *, guessed: bool, hindsight: bool
) -> dict[str, Any]:
    """The block; its splits and suspects are told. A group that was asked for (not `guessed`) may make uneven splits.

    Raises:
        CasebookError: a guessed group makes splits that differ by more than chance allows, or one without a class.
    """
    spec = outcome.spec
    target = outcome.read(frame, file)
    typed = convert(frame, spec.columns, spec.missing).frame
    by = split_by(frame, typed, target, spec)
    kept = target.notna() & by.notna()
    answers, by = outcome.answers(target[kept]), by[kept].reset_index(drop=True)
    if outcome.too_few(answers):
        return block
    splits, groups = outcome.split(by, answers), groups_of(by, spec)
    shares = outcome.count(splits, answers, groups)
    log.info("%s", shares.told())
    if spec.split.by != "stratified" and outcome.chance(splits, answers, groups) < UNLIKELY:
        if guessed:
            column = block["split"]["column"]
            raise CasebookError(
                f"{file}: rows that share a value of {column} would stay in one split, and then the splits have "
                f"{outcome.differing}, more than chance allows: {shares.told()}; "
                f"--group {column} takes it so, --no-group deals each row by itself, --group with another column"
            )
        log.warning("the splits differ by more than chance allows, as asked: prepare.split.uneven is true")
        block = {**block, "split": {**block["split"], "uneven": True}}
    if hindsight:
        train = splits["train"]
        own = None if groups is None else groups[train]
        tell_hindsight(outcome.suspects(typed[kept].iloc[train], answers[train], own))
    return block

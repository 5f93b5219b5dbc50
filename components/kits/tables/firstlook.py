"""A first look at a table by the block that was guessed for it: its splits, and columns that may be known too late."""

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from components.core.errors import CasebookError
from components.kits.tables.encoding.convert import convert
from components.kits.tables.encoding.spec import TableParams
from components.kits.tables.hindsight import find_hindsight, tell_hindsight
from components.kits.tables.labels import read_target
from components.kits.tables.shares import UNLIKELY, count_shares
from components.kits.tables.split import groups_of, split_rows
from components.kits.tables.write import split_by

log = logging.getLogger(__name__)

FEWEST = 3  # rows of a class: fewer cannot be in every split, and prepare says so


def look_at(
    frame: pd.DataFrame, block: dict[str, Any], file: Path, *, guessed: bool, hindsight: bool
) -> dict[str, Any]:
    """The block; its splits and suspects are told. A group that was asked for (not `guessed`) may make uneven splits.

    Raises:
        CasebookError: a guessed group makes splits that differ by more than chance allows, or one without a class.
    """
    spec = TableParams.model_validate(block)
    target = read_target(frame, spec, file)
    typed = convert(frame, spec.columns, spec.missing).frame
    by = split_by(frame, typed, target, spec)
    kept = target.notna() & by.notna()
    answers, by = target[kept].to_numpy(np.int8), by[kept].reset_index(drop=True)
    if np.bincount(answers, minlength=2).min() < FEWEST:
        return block
    splits = split_rows(by, answers, spec)
    shares = count_shares(splits, answers, groups_of(by, spec))
    log.info("%s", shares.told())
    if shares.chance < UNLIKELY:
        if guessed:
            column = block["split"]["column"]
            raise CasebookError(
                f"{file}: rows that share a value of {column} would stay in one split, and then the splits have "
                f"different shares of {spec.target.positive!r}, more than chance allows: {shares.told()}; "
                f"--group {column} takes it so, --no-group deals each row by itself, --group with another column"
            )
        log.warning("the splits differ by more than chance allows, as asked: prepare.split.uneven is true")
        block = {**block, "split": {**block["split"], "uneven": True}}
    if hindsight:
        train = splits["train"]
        own = None if (groups := groups_of(by, spec)) is None else groups[train]
        tell_hindsight(find_hindsight(typed[kept].iloc[train], answers[train], spec, own))
    return block

"""Rows of people who are to be forgotten, left out as soon as the file is read."""

import logging

import numpy as np
import pandas as pd

from components.core.errors import CasebookError
from components.core.forgotten import digest_of
from components.kits.tables.checks import key_texts
from components.kits.tables.encoding.spec import FeatureParams

log = logging.getLogger(__name__)


def without_forgotten(frame: pd.DataFrame, spec: FeatureParams) -> pd.DataFrame:
    """The rows of all others; a row's number is then that among these.

    Raises:
        CasebookError: the block has no key by which they could be known.
    """
    if not spec.forgotten:
        return frame
    if not spec.key:
        raise CasebookError("prepare.forgotten: needs prepare.key, the columns that name a row")
    digests = {*spec.forgotten}
    keys = key_texts(frame, spec).fillna("").itertuples(index=False, name=None)
    gone = np.fromiter((digest_of(key) in digests for key in keys), bool, len(frame))
    log.info("%d row(s) of people in prepare.forgotten are left out", gone.sum())
    return frame[~gone].reset_index(drop=True)

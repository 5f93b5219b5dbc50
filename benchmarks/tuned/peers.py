"""The peers as their own users fit them: for each its space for Optuna, a trial to begin with, and one fit.

Runs in the peers' environment and knows nothing of ours. A fit stops early on held-out rows and gives a function from
frames to answers: (N, C) probabilities, or (N,) numbers where `Rows.classes` is 0.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import optuna
import pandas as pd

Settings = Mapping[str, Any]
Answer = Callable[[pd.DataFrame], np.ndarray]
PATIENCE = 50  # trees without a better held-out loss


@dataclass(frozen=True)
class Rows:
    """`frame` has numbers and categories (pandas' type), `target` (N,) codes of `classes`, or numbers (`classes` 0)."""

    frame: pd.DataFrame
    target: np.ndarray
    classes: int

    def take(self, places: np.ndarray) -> "Rows":
        return Rows(self.frame.iloc[places].reset_index(drop=True), self.target[places], self.classes)

    @property
    def texts(self) -> list[str]:
        """The columns that hold categories."""
        return [name for name in self.frame if isinstance(self.frame[name].dtype, pd.CategoricalDtype)]


@dataclass(frozen=True)
class Peer:
    first: Settings
    space: Callable[[optuna.Trial], None]
    fit: Callable[[Settings, Rows, Rows, int, float], Answer]  # rows to fit, and held-out ones; a seed; CPU seconds
    one_part: bool = False  # of many rows one part alone is left out: one fit takes longer than the whole budget


def _lightgbm_space(trial: optuna.Trial) -> None:
    trial.suggest_float("learning_rate", 0.02, 0.3, log=True)
    trial.suggest_int("num_leaves", 4, 128, log=True)
    trial.suggest_int("min_child_samples", 2, 100, log=True)
    trial.suggest_float("colsample_bytree", 0.4, 1.0)
    trial.suggest_float("subsample", 0.5, 1.0)
    trial.suggest_float("reg_alpha", 1e-8, 10.0, log=True)
    trial.suggest_float("reg_lambda", 1e-8, 10.0, log=True)


def _lightgbm(settings: Settings, rows: Rows, held: Rows, seed: int, _most: float) -> Answer:
    import lightgbm

    make = lightgbm.LGBMClassifier if rows.classes else lightgbm.LGBMRegressor
    fixed = {"n_estimators": 2000, "subsample_freq": 1, "random_state": seed, "n_jobs": 1, "verbosity": -1}
    model = make(**settings, **fixed)
    stop = lightgbm.early_stopping(PATIENCE, verbose=False)
    model.fit(rows.frame, rows.target, eval_X=held.frame, eval_y=held.target, callbacks=[stop])
    return model.predict_proba if rows.classes else model.predict


def _catboost_space(trial: optuna.Trial) -> None:
    trial.suggest_float("learning_rate", 0.02, 0.3, log=True)
    trial.suggest_int("depth", 2, 8)
    trial.suggest_float("l2_leaf_reg", 0.5, 30.0, log=True)
    trial.suggest_float("random_strength", 0.01, 10.0, log=True)
    trial.suggest_float("bagging_temperature", 0.0, 1.0)


def _catboost(settings: Settings, rows: Rows, held: Rows, seed: int, _most: float) -> Answer:
    import catboost

    def pool(frame: pd.DataFrame, target: np.ndarray | None = None) -> Any:
        texts = {name: frame[name].astype(object).where(frame[name].notna(), "missing") for name in rows.texts}
        return catboost.Pool(frame.assign(**texts), target, cat_features=rows.texts)

    fixed = {"iterations": 1000, "od_type": "Iter", "od_wait": PATIENCE, "random_seed": seed, "thread_count": 1}
    quiet = {"bootstrap_type": "Bayesian", "verbose": False, "allow_writing_files": False}
    loss = {"loss_function": "MultiClass" if rows.classes else "RMSE"}
    make = catboost.CatBoostClassifier if rows.classes else catboost.CatBoostRegressor
    model = make(**settings, **fixed, **quiet, **loss)
    model.fit(pool(rows.frame, rows.target), eval_set=pool(held.frame, held.target), use_best_model=True)
    return lambda frame: (model.predict_proba if rows.classes else model.predict)(pool(frame))


def _histogram_space(trial: optuna.Trial) -> None:
    trial.suggest_float("learning_rate", 0.02, 0.3, log=True)
    trial.suggest_int("max_leaf_nodes", 4, 128, log=True)
    trial.suggest_int("min_samples_leaf", 2, 100, log=True)
    trial.suggest_float("l2_regularization", 1e-8, 10.0, log=True)
    trial.suggest_float("max_features", 0.3, 1.0)


def _histogram(settings: Settings, rows: Rows, held: Rows, seed: int, _most: float) -> Answer:
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    make = HistGradientBoostingClassifier if rows.classes else HistGradientBoostingRegressor
    fixed = {"max_iter": 2000, "early_stopping": True, "n_iter_no_change": 20, "random_state": seed}
    model = make(**settings, **fixed, categorical_features="from_dtype")
    model.fit(rows.frame, rows.target, X_val=held.frame, y_val=held.target)
    return model.predict_proba if rows.classes else model.predict


def _tabm_space(trial: optuna.Trial) -> None:
    trial.suggest_float("lr", 3e-4, 5e-3, log=True)
    trial.suggest_float("weight_decay", 1e-4, 1e-1, log=True)
    trial.suggest_float("dropout", 0.0, 0.5)
    trial.suggest_int("n_blocks", 1, 3)
    trial.suggest_categorical("d_block", [64, 128, 256])
    trial.suggest_int("n_bins", 4, 48)
    trial.suggest_int("d_embedding", 8, 24, step=4)


def _tabm(settings: Settings, rows: Rows, held: Rows, seed: int, most: float) -> Answer:
    from benchmarks.tuned.tabm_peer import fit

    return fit(settings, rows, held, seed, most)


# A first trial is the library's own defaults, where it has some.
PEERS: Mapping[str, Peer] = {
    "lightgbm": Peer(
        {
            "learning_rate": 0.1, "num_leaves": 31, "min_child_samples": 20, "colsample_bytree": 1.0,
            "subsample": 1.0, "reg_alpha": 1e-8, "reg_lambda": 1e-8,
        },
        _lightgbm_space,
        _lightgbm,
    ),
    "catboost": Peer(
        {
            "learning_rate": 0.05, "depth": 6, "l2_leaf_reg": 3.0, "random_strength": 1.0,
            "bagging_temperature": 1.0,
        },
        _catboost_space,
        _catboost,
    ),
    "hist_gradient_boosting": Peer(
        {
            "learning_rate": 0.1, "max_leaf_nodes": 31, "min_samples_leaf": 20, "l2_regularization": 1e-8,
            "max_features": 1.0,
        },
        _histogram_space,
        _histogram,
    ),
    "tabm": Peer(
        {
            "lr": 2e-3, "weight_decay": 3e-4, "dropout": 0.1, "n_blocks": 2, "d_block": 128, "n_bins": 24,
            "d_embedding": 12,
        },
        _tabm_space,
        _tabm,
        one_part=True,
    ),
}  # fmt: skip

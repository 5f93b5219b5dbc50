"""Fitting the maps of `calibrator` on held-out rows, and choosing among them."""

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import minimize, minimize_scalar
from scipy.special import log_softmax, softmax
from sklearn.model_selection import StratifiedKFold

from components.kits.tables.learning.comparing import beats
from components.recipes.multiclass.metrics.blend import logs
from components.recipes.multiclass.metrics.calibrator import Calibrator, check_known
from components.recipes.multiclass.metrics.rows import checked, one_hot, row_losses

TEMPERATURES = (0.1, 10.0)
PENALTIES = (1.0, 0.1, 0.01)  # of a Dirichlet map's distance from one of temperatures: the likeliest is taken
UNCHANGED = "identity"


@dataclass(frozen=True)
class Choice:
    """The calibrator fitted on all rows, and each method's log loss of rows that it was not fitted on."""

    calibrator: Calibrator
    log_loss: dict[str, float]


def fit_calibrator(method: str, target: np.ndarray, score: np.ndarray, penalty: float = 0.0) -> Calibrator:
    """Fit one of `calibrator.METHODS` to codes (N,) and probabilities (N, C).

    Raises:
        CasebookError: the method is unknown, or the rows are not fit for it (see `rows`).
    """
    check_known(method)
    target, score = checked(target, score)
    return Calibrator(method, FITTERS[method](target, score, penalty))


def choose_calibrator(
    methods: Sequence[str], target: np.ndarray, score: np.ndarray, *, folds: int, seed: int
) -> Choice:
    """Fit the method with the lowest out-of-fold log loss, where it is lower than that of the probabilities as they are
    by more than the difference's standard error; else they are left so.
    """
    target, score = checked(target, score)
    tried = {name: one for method in methods for name, one in _variants(method).items()}
    parts = _folds(target, score, folds, seed)
    held_out: dict[str, np.ndarray] = {}
    for name, (method, penalty) in tried.items() if parts else ():
        held_out[name] = np.empty(len(target))
        for fitting, rest in parts:
            fitted = fit_calibrator(method, target[fitting], score[fitting], penalty)
            held_out[name][rest] = row_losses(target[rest], fitted.apply(score[rest]))
    losses = {name: float(found.mean()) for name, found in held_out.items()}
    best = min(losses, key=losses.__getitem__, default=UNCHANGED)
    if best != UNCHANGED and beats(held_out[best], row_losses(target, score)):
        return Choice(fit_calibrator(tried[best][0], target, score, tried[best][1]), losses)
    return Choice(fit_calibrator(UNCHANGED, target, score), losses)


def _variants(method: str) -> Mapping[str, tuple[str, float]]:
    """What a method is tried with, by name."""
    if method == "dirichlet":
        return {f"{method} {penalty:g}": (method, penalty) for penalty in PENALTIES}
    return {method: (method, 0.0)}


def _folds(target: np.ndarray, score: np.ndarray, folds: int, seed: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Folds with each class in equal shares, as far as its rows go; none of fewer than two rows of every class."""
    most = min(folds, int(np.bincount(target).max()))
    if most < 2:
        return []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of classes of fewer rows than folds: some folds lack them
        return list(StratifiedKFold(most, shuffle=True, random_state=seed).split(score, target))


def _fit_identity(target: np.ndarray, score: np.ndarray, penalty: float) -> dict[str, Any]:  # noqa: ARG001 - one signature
    return {}


def _fit_temperature(target: np.ndarray, score: np.ndarray, penalty: float) -> dict[str, Any]:  # noqa: ARG001 - as above
    line, rows = logs(score), np.arange(len(target))

    def loss(log_temperature: float) -> float:
        told = log_softmax(line / np.exp(log_temperature), axis=1)
        return float(-told[rows, target].mean())

    found = minimize_scalar(loss, bounds=np.log(TEMPERATURES), method="bounded", options={"xatol": 1e-6})
    return {"temperature": float(np.exp(found.x))}


def _fit_dirichlet(target: np.ndarray, score: np.ndarray, penalty: float) -> dict[str, Any]:
    """Weights (C, C) and intercepts (C,), the former's diagonal free and the others pulled towards 0 (ODIR: Kull et
    al., 2019): `penalty` on the mean square of either, in units of the loss.
    """
    line, true, classes = logs(score), one_hot(target, score.shape[1]), score.shape[1]
    beside = 1.0 - np.eye(classes)

    def loss(free: np.ndarray) -> tuple[float, np.ndarray]:
        weights, intercepts = free[:-classes].reshape(classes, classes), free[-classes:]
        mapped = line @ weights.T + intercepts
        short = (softmax(mapped, axis=1) - true) / len(line)
        pulled, pull = beside * weights, penalty / np.array([max(1, beside.sum()), classes])
        value = -(true * log_softmax(mapped, axis=1)).sum() / len(line)
        value += pull[0] * (pulled**2).sum() + pull[1] * (intercepts**2).sum()
        slopes = short.T @ line + 2 * pull[0] * pulled
        return float(value), np.concatenate([slopes.ravel(), short.sum(axis=0) + 2 * pull[1] * intercepts])

    start = np.concatenate([np.eye(classes).ravel(), np.zeros(classes)])
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 1000}).x
    return {"weights": found[:-classes].reshape(classes, classes).tolist(), "intercepts": found[-classes:].tolist()}


FITTERS: dict[str, Callable[[np.ndarray, np.ndarray, float], dict[str, Any]]] = {
    "identity": _fit_identity,
    "temperature": _fit_temperature,
    "dirichlet": _fit_dirichlet,
}

"""Tunes one peer on one fold of a table for some CPU seconds: run with the Python of the peers' environment.

`python -m benchmarks.tuned.tune` reads from its input a JSON of `csv`, `target`, `kind`, `folds`, `fold`, `peer`,
`budget`, `key` and `out`, the file of what is found: every trial with the seconds before it, and of each that was the
best so far the loss of every row of the fold. The file is written after every trial, and a run goes on from it, if its
key is the same. So it can be read for any smaller budget, too: as with `optimize(timeout=...)`, a trial that has begun
is ended, but the fits of a network stop at twice the budget.
"""

import json
import sys
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pandas as pd
from sklearn.model_selection import KFold, StratifiedKFold

from benchmarks.tuned.peers import PEERS, Answer, Peer, Rows
from benchmarks.tuned.rows import losses, misses, seconds

FEW, MANY_PARTS, FEW_PARTS = 2000, 5, 3  # of fewer rows than that more parts are left out in turn
MOST = 2.0  # budgets that the fits of one trial may take together
Found = dict[str, Any]


def read(settings: Mapping[str, Any]) -> tuple[Rows, Rows]:
    """Training and test rows of the fold; categories are those of the training rows."""
    whole = pd.read_csv(settings["csv"])
    target, frame = whole[settings["target"]], whole.drop(columns=settings["target"])
    test = np.array(settings["folds"]) == settings["fold"]
    for name in frame:
        if frame[name].dtype == bool or pd.api.types.is_numeric_dtype(frame[name]):
            frame[name] = frame[name].astype(np.float64)
        else:
            known = sorted(frame.loc[~test, name].dropna().unique())
            frame[name] = pd.Categorical(frame[name].where(frame[name].isin(known)), categories=known)
    named = sorted(target.unique()) if settings["kind"] == "classes" else []
    values = target.map({one: code for code, one in enumerate(named)}) if named else target.astype(np.float64)
    rows = Rows(frame, values.to_numpy(), len(named))
    return rows.take(np.flatnonzero(~test)), rows.take(np.flatnonzero(test))


class Study:
    """Optuna's search for one peer, replayed from what a killed run has left."""

    def __init__(self, peer: Peer, train: Rows, test: Rows, found: Found, seed: int, budget: float) -> None:
        self.peer, self.train, self.test, self.found, self.seed = peer, train, test, found, seed
        parts = MANY_PARTS if len(train.target) < FEW else FEW_PARTS
        cutter = (StratifiedKFold if train.classes else KFold)(parts, shuffle=True, random_state=seed)
        self.parts = list(cutter.split(train.target, train.target))
        if peer.one_part and parts == FEW_PARTS:
            del self.parts[1:]
        self.most = MOST * budget / len(self.parts)  # CPU seconds of a fit
        done = len(found["trials"])
        self.study = optuna.create_study(
            sampler=optuna.samplers.TPESampler(seed=1000 * seed + done),
            pruner=optuna.pruners.MedianPruner(n_startup_trials=5),
        )
        for one in found["trials"]:
            self._replay(one)
        if not done:
            self.study.enqueue_trial(dict(peer.first))

    def step(self) -> None:
        """One trial; what is fitted is kept in mind, and what is judged on the test rows costs the peer nothing."""
        begun, spent = seconds(), self.found["spent"]
        trial = self.study.ask()
        self.peer.space(trial)
        models, steps = self._fit(trial)
        whole = len(models) == len(self.parts)
        if whole:
            self.study.tell(trial, steps[-1])
        else:
            self.study.tell(trial, state=optuna.trial.TrialState.PRUNED)
        self.found["spent"] = spent + seconds() - begun
        value = steps[-1] if whole else None
        if whole and value <= min((one["value"] for one in self.found["best"]), default=np.inf):
            said = np.mean([model(self.test.frame) for model in models], axis=0)
            judged = {name: by(said, self.test.target).tolist() for name, by in (("loss", losses), ("miss", misses))}
            self.found["best"].append({"begun": spent, "value": value, "trial": trial.number, **judged})
        self.found["trials"].append({"begun": spent, "settings": trial.params, "steps": steps, "value": value})

    def _fit(self, trial: optuna.Trial) -> tuple[list[Answer], list[float]]:
        """A model for each part that is left out in turn, and the mean loss after each; fewer if it is pruned."""
        models: list[Answer] = []
        left_out, steps = np.zeros(0), []
        for number, (fitting, rest) in enumerate(self.parts):
            held = self.train.take(rest)
            models.append(self.peer.fit(trial.params, self.train.take(fitting), held, self.seed, self.most))
            left_out = np.concatenate([left_out, losses(models[-1](held.frame), held.target)])
            steps.append(float(left_out.mean()))
            trial.report(steps[-1], number)
            if number + 1 < len(self.parts) and trial.should_prune():
                break
        return models, steps

    def _replay(self, one: Mapping[str, Any]) -> None:
        self.study.enqueue_trial(one["settings"])
        trial = self.study.ask()
        self.peer.space(trial)
        for number, value in enumerate(one["steps"]):
            trial.report(value, number)
        pruned = one["value"] is None
        self.study.tell(trial, one["value"], state=optuna.trial.TrialState.PRUNED if pruned else None)


def tune(settings: Mapping[str, Any]) -> Found:
    """What is found within the budget, written after each trial."""
    out = Path(settings["out"])
    found: Found = json.loads(out.read_text(encoding="utf-8")) if out.is_file() else {}
    if found.get("key") != settings["key"]:
        found = {"key": settings["key"], "spent": 0.0, "trials": [], "best": []}
    study = Study(PEERS[settings["peer"]], *read(settings), found, settings["fold"], settings["budget"])
    while found["spent"] < settings["budget"]:
        study.step()
        temporary = out.with_suffix(".part")
        temporary.write_text(json.dumps(found), encoding="utf-8")
        temporary.replace(out)
    return found


def main() -> None:
    warnings.simplefilter("ignore")
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    if (settings := json.load(sys.stdin))["peer"] == "tabm":
        import torch

        torch.set_num_threads(1)
    tune(settings)


if __name__ == "__main__":
    main()

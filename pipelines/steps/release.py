"""Register the bundle, ask the gate, move the alias: `reports/<case>/release.json`.

In an experiment (`dvc exp run`) the gate is asked all the same, but nothing is registered and no alias moves.
"""

import logging
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from components.core.errors import CasebookError
from components.core.files import dvc_md5, read_json, whole_folder, write_json, write_text
from components.core.histories import NONE, NOTE, read_kept
from components.core.job import TEST, Job, Meta
from components.core.params.gate_override import Override
from components.core.passwords import without_login
from components.core.recipe import Recipe, recipe_of
from components.core.results import LEARNER, MODEL, Answers, Check, Decision, Interval
from components.evaluation.gaps import largest_gap
from components.evaluation.scores import from_column, read_scores
from components.evaluation.tables import read_notes
from components.registry.champion import rival_of
from components.registry.gate import Evidence, decide
from components.registry.ledger import history, withdrawn
from components.registry.overriding import held_against, overrides_of
from components.registry.promote import settle
from components.registry.register import Release, bundle_of, register, version_of
from components.registry.rivals import Rival
from components.registry.stated import Stated
from components.registry.verify import params_digest
from components.tracking.experiments import describe_experiment
from components.tracking.track import Tracker, connect
from pipelines.asked_overrides import asked_overrides
from pipelines.cards import EXPERIMENT, VERSION, make_card
from pipelines.descriptions import about, primary_metric, version_page
from pipelines.fits import cut_fits
from pipelines.provenance import Experiment, GitState, experiment, flow_run_id, git_state
from pipelines.rivals import calibration
from pipelines.rivals import rival as compared
from pipelines.summary import PASSED, PROMOTED, SUMMARY, summarise
from pipelines.tracking import run_to_add_to

log = logging.getLogger(__name__)

LOGGED = {"prepare", "search", "evaluate", "release"}  # by this stage; fit and compress tell the rest


def run(job: Job) -> None:
    """Register the bundle, let the gate decide on what the registry serves, and write it all down.

    The figures are those that evaluate found of the bundle; the gate sees that the registered one answers as that did.
    """
    trial = experiment()
    recipe, tracker, git = recipe_of(job), connect(job.paths.root), git_state(job.paths.root)
    run_id, tags = run_to_add_to(tracker, job), origin(job, git)
    tracker.log_params(run_id, job.params.model_dump(mode="json", include=LOGGED))
    lower = recipe.primary in recipe.lower_is_better
    write_histories(job, recipe)
    describe_experiment(tracker, job.case, about(job, recipe), primary_metric(recipe), lower_is_better=lower)
    page = f"#/experiments/{tracker.experiment(job.case)}/runs/{run_id}"
    version = register(tracker, describe(job, recipe, run_id, tags, page)) if trial is None else None
    bundle = job.paths.bundle(job.case) if version is None else bundle_of(tracker, job.case, version)
    served, metrics = recipe.serving.answers(job, bundle, TEST), judged(job)[TEST][MODEL]
    rival = rival_of(tracker, job.case, version)
    evidence = weigh(job, recipe, tracker, version, rival, served, metrics, git, bundle)
    decision = decide(evidence, job.params.release, *overrides_for(job, tracker, version))
    if version is not None:
        settle(tracker, job.case, version, decision, metrics, rival)
    reports, summary = job.paths.reports(job.case), summarise(job, recipe, metrics, decision, registered=trial is None)
    write_json(reports / "release.json", _report(job, version, trial, decision, git, tags))
    write_json(reports / "metrics.json", _metrics(job))
    write_json(reports / SUMMARY, summary)
    made = {VERSION: str(version)} if trial is None else {EXPERIMENT: trial.name}
    card = make_card(job, recipe, tags | made, decision, evidence.baselines)
    write_text(reports / "card.md", card)
    tracker.log_note(run_id, card, "card.md")
    told = {"gate": summary["gate"], "git_commit": tags["git_commit"][:12], "data_md5": tags["data_md5"][:12]}
    if version is not None:
        tracker.client.update_run(run_id, name=f"{job.case} v{version}")
        told["version"] = version
    tracker.log_tags(run_id, told)
    tell(job.case, f"version {version}" if trial is None else f"experiment {trial.name}", summary["gate"], decision)


def write_histories(job: Job, recipe: Recipe) -> None:
    """What the model is to know of users: every event, those of the test too, on which its figures are not."""
    with whole_folder(job.paths.histories(job.case)) as folder:
        if recipe.histories:
            recipe.remembering.write_histories(job, job.paths.bundle(job.case), folder)
        else:
            write_json(folder / NOTE, NONE)


def describe(job: Job, recipe: Recipe, run_id: str, tags: dict[str, str], run_page: str) -> Release:
    """What the version is registered from, and all that is needed to trace it back; `tags` are those of `origin`."""
    bundle, paths = job.paths.bundle(job.case), job.paths
    example = recipe.serving.example(job)
    lock = paths.root / "dvc.lock"
    lineage = {
        "dvc.lock": lock.read_text(encoding="utf-8") if lock.exists() else "",
        "source.json": (paths.raw(job.case) / "source.json").read_text(encoding="utf-8"),
        "params.json": without_login(job.params.model_dump_json(indent=2)),
    }
    lineage["card.md"] = make_card(job, recipe, tags)
    answers = recipe.serving.open_predictor(bundle).predict(example)
    kept = read_kept(paths.histories(job.case))
    scores = read_scores(paths.evaluation(job.case))
    return Release(
        case=job.case,
        run=run_id,
        bundle=bundle,
        example=example,
        answers=answers,
        lineage=lineage,
        tags=tags,
        smoke=job.smoke,
        packages=recipe.packages,
        about=about(job, recipe),
        page=version_page(job, recipe, scores, tags["variant"], run_page),
        histories=None if kept is None else paths.histories(job.case),
        required=() if kept is None else recipe.remembering.named_by(job),
    )


def origin(job: Job, git: GitState) -> dict[str, str]:
    """Where a version comes from, as its tags say it. Reads all raw and prepared data to take their digests."""
    paths = job.paths
    return {
        "git_commit": git.commit or "unknown",
        "raw_md5": dvc_md5(paths.raw(job.case)),
        "data_md5": dvc_md5(paths.prepared(job.case)),
        "fitted_md5": dvc_md5(paths.fitted(job.case)),
        "params_digest": params_digest(job.params),
        "flow_run_id": flow_run_id(),
        "variant": _picked(job),
        **_start(job),
    }


def _start(job: Job) -> dict[str, str]:
    """The bundle that the training started from: of which case, its md5, and its version where it is registered."""
    start = read_json(job.paths.fitted(job.case) / "fit.json").get("start")
    if start is None:
        return {}
    version = version_of(connect(job.paths.root), start["case"], start["md5"])
    return {"start_case": start["case"], "start_md5": start["md5"], "start_version": version or "not registered"}


def _picked(job: Job) -> str:
    return str(read_json(job.paths.compression(job.case) / "variants.json")["picked"])


def weigh(
    job: Job,
    recipe: Recipe,
    tracker: Tracker,
    version: str | None,
    rival: str | None,
    served: Answers,
    metrics: Mapping[str, Interval],
    git: GitState,
    bundle: Path,
) -> Evidence:
    """All that the gate asks for, from the answers of the registered bundle."""
    predictions = pd.read_parquet(job.paths.evaluation(job.case) / f"predictions-{TEST}.parquet")
    found, entries = judged(job)[TEST], history(tracker, job.case)
    names = sorted(found.keys() - {MODEL, LEARNER})
    against, passed_over = held_against(entries, rival, datetime.now(UTC))
    return Evidence(
        primary=recipe.primary,
        lower_is_better=recipe.lower_is_better,
        metrics=metrics,
        baselines=tuple(compared(job, recipe, served, name, from_column(predictions[name])) for name in names),
        has_champion=against is not None,
        champion=_champion(job, recipe, tracker, served, against) if against is not None else None,
        smoke=job.smoke,
        dirty=git.dirty,
        network_gap=read_json(job.paths.fitted(job.case) / "fit.json").get("network_gap"),
        variant=_picked(job),
        served_gap=served_gap(recipe, served, from_column(predictions[MODEL])),
        cut=cut_fits(job),
        withdrawn=version is not None and withdrawn(entries, version),
        calibration=calibration(job, recipe, served, found, predictions),
        passed_over=passed_over,
        relative=recipe.relative,
        stated=stated_shares(job, recipe, bundle),
    )


def served_gap(recipe: Recipe, served: Answers, judged: np.ndarray) -> float:
    """How far apart what is served and what was judged are: of answers in units of the data in their deviations."""
    unit = float(np.std(judged)) if recipe.relative else 1.0
    return largest_gap(served.score, judged) / (unit or 1.0)


def stated_shares(job: Job, recipe: Recipe, bundle: Path) -> tuple[Stated, ...]:
    if not recipe.stated:
        return ()
    shares = recipe.stating.stated(job, bundle)
    return tuple(Stated(metric, shares[metric]) for metric in recipe.stated)


def _champion(job: Job, recipe: Recipe, tracker: Tracker, served: Answers, version: str) -> Rival:
    name = f"version {version}"
    try:
        answers = recipe.serving.answers(job, bundle_of(tracker, job.case, version), TEST)
    except CasebookError as error:
        return Rival(name, None, None, str(error))
    return compared(job, recipe, served, name, answers.score)


def overrides_for(job: Job, tracker: Tracker, version: str | None) -> tuple[list[Override], list[Override]]:
    """Those that hold today and those that have ended: of the params, of the command that asks, and, where the version
    was promoted by some before, of the ledger.
    """
    given = [*asked_overrides(version), *job.params.release.overrides]
    if version is not None:
        given += overrides_of(history(tracker, job.case), version)
    now = datetime.now(UTC)
    return [one for one in given if not one.ended(now)], [one for one in given if one.ended(now)]


def _report(
    job: Job, version: str | None, trial: Experiment | None, decision: Decision, git: GitState, tags: dict[str, str]
) -> dict[str, Any]:
    """`promoted` is of a registered version: of an experiment that passes, `checks` and `reasons` tell."""
    return {
        "case": job.case,
        "version": version,
        "experiment": None if trial is None else trial.name,
        "promoted": version is not None and decision.promoted,
        "checks": [_plain(check) for check in decision.checks],
        "reasons": list(decision.reasons),
        "commit": git.commit,
        "data_md5": tags["data_md5"],
        "bundle_md5": dvc_md5(job.paths.bundle(job.case)),
        "histories_md5": dvc_md5(job.paths.histories(job.case)),
    }


def _plain(check: Check) -> dict[str, Any]:
    override = None if check.override is None else check.override.model_dump(mode="json")
    return {"name": check.name, "passed": check.passed, "reason": check.reason, "override": override}


def judged(job: Job) -> dict[str, dict[str, dict[str, Interval]]]:
    """What evaluate found, by split, by the name of who predicts, and by metric."""
    return {one.split: one.by_model for one in read_scores(job.paths.evaluation(job.case))}


def _metrics(job: Job) -> dict[str, Any]:
    """What others rely on: the served model by split, the learner and the baselines on test, the variants."""
    scores = {one.split: asdict(one)["by_model"] for one in read_scores(job.paths.evaluation(job.case))}
    splits: dict[str, Any] = {split: by_model[MODEL] for split, by_model in scores.items()}
    learner = scores[TEST][LEARNER]
    baselines = {name: metrics for name, metrics in scores[TEST].items() if name not in (MODEL, LEARNER)}
    return {
        **splits,
        **read_notes(job.paths.evaluation(job.case)),  # how it was measured, where there is more than one way to
        LEARNER: learner,
        "baselines": baselines,
        "variants": read_json(job.paths.compression(job.case) / "variants.json")["variants"],
        "rows": Meta.read(job.paths.prepared(job.case)).rows,
    }


WORDS = {PROMOTED: "promoted to champion", PASSED: "passes the gate; an experiment registers nothing"}


def tell(case: str, what: str, gate: str, decision: Decision) -> None:
    log.info("%s %s: %s", case, what, WORDS.get(gate.partition(":")[0], "not promoted"))
    for reason in decision.reasons:
        log.warning("  %s", reason)

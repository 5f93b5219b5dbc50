"""What the model is worth beside its baseline."""

from functools import partial
from pathlib import Path

from components.core.job import TEST
from components.core.recipe import SERVED, recipe_of
from components.core.results import LEARNER, MODEL, Report, Table
from components.evaluation.presentation.comparison import compared, served_beside
from components.recipes.shared.report import judge_rows, true_and_told
from components.recipes.shared.rows import TARGET
from components.recipes.shared.template.params import NumberJob
from components.recipes.shared.template.serving import METRICS, open_predictor


def report(job: NumberJob, _fitted: Path, bundle: Path) -> Report:
    predictor, recipe = open_predictor(bundle), recipe_of(job)
    models = {MODEL: predictor.score, LEARNER: predictor.score, "ridge": predictor.baseline}
    scores, predictions = judge_rows(job, models, METRICS)
    test = predictions[TEST]
    columns, furthest = ["row", TARGET, MODEL, "ridge"], (test[MODEL] - test[TARGET]).abs().nlargest(5).index
    worst = test.loc[furthest, columns].to_numpy().tolist()
    header = ["row", TARGET, SERVED, recipe.called("ridge")]
    tables = [Table("Largest errors", header, worst, "Of the served model, on test rows.")]
    panels = [compared(one, recipe.primary, recipe) for one in scores if one.split == TEST]
    figures = {
        "metrics": partial(served_beside, panels, confidence=job.evaluate.confidence, over="test rows"),
        "true_and_told": partial(true_and_told, test[TARGET].to_numpy(), test[MODEL].to_numpy()),
    }
    predicts = "a number of each row, from the other numbers of it"
    return Report(scores, predictions, tables=tables, figures=figures, predicts=predicts)

"""What the model is worth beside its baseline."""

from pathlib import Path

from components.core.job import TEST
from components.core.results import LEARNER, MODEL, Report, Table
from components.recipes.shared.report import judge_rows, true_and_told
from components.recipes.shared.rows import TARGET
from components.recipes.shared.template.params import NumberJob
from components.recipes.shared.template.serving import METRICS, open_predictor


def report(job: NumberJob, _fitted: Path, bundle: Path) -> Report:
    predictor = open_predictor(bundle)
    models = {MODEL: predictor.score, LEARNER: predictor.score, "ridge": predictor.baseline}
    scores, predictions = judge_rows(job, models, METRICS)
    test = predictions[TEST]
    columns, furthest = ["row", TARGET, MODEL, "ridge"], (test[MODEL] - test[TARGET]).abs().nlargest(5).index
    worst = test.loc[furthest, columns].to_numpy().tolist()
    tables = [Table("Largest errors", columns, worst, "Of the served model, on test rows.")]
    figures = {"true_and_told": lambda: true_and_told(test[TARGET].to_numpy(), test[MODEL].to_numpy())}
    predicts = "a number of each row, from the other numbers of it"
    return Report(scores, predictions, tables=tables, figures=figures, predicts=predicts)

"""What monitoring compares: columns, scores, and the target where a row has it."""

from components.recipes.shared.template.serving import open_predictor
from components.recipes.shared.watch import watch_rows

WATCH = watch_rows(open_predictor, lambda job: str(job.prepare.target))

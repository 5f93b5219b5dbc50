"""Answers to a file of rows."""

from components.recipes.shared.rows import predict_table
from components.recipes.shared.template.serving import open_predictor

predict_file = predict_table(open_predictor)

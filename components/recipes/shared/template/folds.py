"""Cross-validation: the rows split anew under other seeds."""

from components.recipes.shared.folds import prepared_anew
from components.recipes.shared.template.preparation import prepare

write_folds = prepared_anew(prepare, "prepare.seed")

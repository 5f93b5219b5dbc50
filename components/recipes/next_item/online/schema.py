"""A row of a recommender as JSON Schema, with examples of either kind."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from components.recipes.next_item.online.rows import HISTORY, USER, RowForm
from components.recipes.next_item.serving.given import RANGE
from components.recipes.next_item.serving.predictor import RankingPredictor

ID = {"type": ["string", "integer"]}
TOLD = 3  # items of the example


def row_schema(form: RowForm, predictor: RankingPredictor) -> Mapping[str, Any]:
    """What a row may have: a user, a history, and where the model reads such what is known of a stranger."""
    event: dict[str, Any] = {
        "item": {**ID, "description": f"{form.events['item']} of the raw data"},
        "time": {
            "type": ["number", "string", "null"],
            "description": f"{form.events['time']} of the raw data, {predictor.data['spec']['time_unit']}; without any "
            "the items stand in their order, the newest last",
        },
    }
    if "rating" in form.events:
        event["rating"] = {"type": ["number", "string", "null"], "description": _rated(form, predictor)}
    features = {
        feature.name: {
            "type": ["string", "number", "null"],
            "description": f"of a user whom the model does not know; training had {', '.join(feature.labels[1:])}",
        }
        for feature in predictor.catalogue.user_features
        if feature.name in form.features
    }
    return {
        "type": "object",
        "properties": {
            USER: {**ID, "description": f"{form.user} of the raw data; without a history what is stored counts"},
            HISTORY: {
                "type": "array",
                "items": {
                    "anyOf": [
                        ID,
                        {"type": "object", "properties": event, "required": ["item"], "additionalProperties": False},
                    ]
                },
                "description": "all that counts of what the user has had, the newest last",
            },
            **features,
        },
        "anyOf": [{"required": [USER]}, {"required": [HISTORY]}],
        "additionalProperties": {
            "description": f"the raw data's names of the same: {', '.join([form.user, *form.features.values()])}"
        },
        "examples": _examples(predictor),
    }


def _rated(form: RowForm, predictor: RankingPredictor) -> str:
    ends = predictor.data.get(RANGE)
    had = f"; training had {ends[0]:g} to {ends[1]:g}" if ends else ""
    return f"{form.events['rating']} of the raw data{had}"


def _examples(predictor: RankingPredictor) -> list[dict[str, Any]]:
    """The first user of whom anything is stored, and the items that most users have had."""
    lengths = predictor.stored.histories.lengths
    known = [place for place, text in enumerate(predictor.catalogue.user_ids) if text is not None and lengths[place]]
    users = [{USER: predictor.catalogue.user_ids[known[0]]}] if known else []
    popular = np.argsort(-predictor.catalogue.counts, kind="stable")[:TOLD]
    return [*users, {HISTORY: predictor.catalogue.item_ids[popular].tolist()}]

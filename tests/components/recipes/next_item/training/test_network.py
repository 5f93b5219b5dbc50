import numpy as np
import pytest
import torch

from components.recipes.next_item.training.learner import NextItemLearner
from components.recipes.next_item.training.network import item_features, make_learner
from components.recipes.next_item.training.objectives import GBCE, FullSoftmax, Sampled, SampledSoftmax
from components.recipes.next_item.training.training import make_data
from tests.components.recipes.next_item.conftest import Untrained


def learner(untrained: Untrained, **values: object) -> NextItemLearner:
    job = untrained.job.with_values({f"model.{name}".replace("__", "."): value for name, value in values.items()})
    return make_learner(job, make_data(job, whole=False), job.model)


def test_the_tables_are_as_large_as_the_data(untrained: Untrained) -> None:
    data = make_data(untrained.job, whole=False)
    network = learner(untrained).network
    catalogue, sizes = data.catalogue, data.tokenizer.sizes
    assert network.item.num_embeddings == len(catalogue.item_ids)
    assert network.token.table.num_embeddings == sum(sizes.values())
    assert network.user.table.num_embeddings == sum(feature.size for feature in catalogue.user_features)
    expected = np.log(catalogue.counts + 1.0)
    np.testing.assert_allclose(network.bias.detach().numpy(), expected - expected.mean(), rtol=1e-5, atol=1e-5)


def test_an_item_has_its_codes_and_its_sets(untrained: Untrained) -> None:
    catalogue = make_data(untrained.job, whole=False).catalogue
    codes, sets = item_features(catalogue)
    assert codes.shape == (len(catalogue.item_ids), len(catalogue.item_codes))
    for place, values in enumerate(catalogue.item_codes.values()):
        assert codes[:, place].tolist() == values.tolist()
    assert torch.equal(sets, torch.from_numpy(np.concatenate(list(catalogue.item_sets.values()), axis=1)))


@pytest.mark.parametrize(("kind", "expected"), [("full", FullSoftmax), ("sampled", SampledSoftmax), ("gbce", GBCE)])
def test_the_params_choose_the_objective(untrained: Untrained, kind: str, expected: type) -> None:
    objective = learner(untrained, loss__kind=kind, loss__negatives=3).objective
    assert type(objective) is expected
    if isinstance(objective, Sampled):
        assert objective.negatives == 3

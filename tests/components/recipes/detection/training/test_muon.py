import copy

import pytest
import torch
from torch import nn
from torch.optim import AdamW

from components.recipes.detection.training.muon import MOMENTUM, Muon, orthogonal


def random(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def groups(*, kernels=(), others=(), lr=0.1, decay=0.0):
    return [
        {"params": list(weights), "orthogonal": turned, "lr": lr, "weight_decay": decay}
        for weights, turned in ((kernels, True), (others, False))
        if weights
    ]


def stepped(weight, gradients, **named):
    """A copy of the weight after a step for each gradient."""
    own = nn.Parameter(weight.clone())
    optimizer = Muon(groups(kernels=[own], **named))
    for gradient in gradients:
        own.grad = gradient.clone()
        optimizer.step()
    return own.detach()


@pytest.mark.parametrize("shape", [(16, 16), (16, 144), (48, 16)])
def test_singular_values_become_about_one_and_their_vectors_stay(shape):
    matrix = random(*shape)
    left, _, right = torch.linalg.svd(matrix, full_matrices=False)
    # In the matrix's own singular vectors what comes out is a diagonal.
    values = left.T @ orthogonal(matrix) @ right.T
    assert values.diagonal().min() > 0.65
    assert values.diagonal().max() < 1.25
    assert (values - values.diagonal().diag()).abs().max() < 1e-3


def test_a_tenth_of_the_largest_singular_value_is_as_good_as_all_of_it():
    left, right = (torch.linalg.qr(random(8, 8, seed=seed))[0] for seed in (1, 2))
    matrix = left @ torch.diag(torch.tensor([1.0, 1.0, 1.0, 1.0, 0.1, 0.1, 0.1, 0.1])) @ right
    assert torch.linalg.svdvals(orthogonal(matrix)).min() > 0.65


def test_nothing_to_learn_moves_nothing():
    assert orthogonal(torch.zeros(4, 9)).abs().max() == 0


def test_how_large_a_gradient_is_does_not_matter():
    weight, gradient = random(8, 4, 3, 3), random(8, 4, 3, 3, seed=1)
    moved, further = stepped(weight, [gradient]), stepped(weight, [1000 * gradient])
    assert torch.allclose(moved, further, atol=1e-5)


def test_the_second_step_remembers_the_first():
    weight, first, second = random(4, 6), random(4, 6, seed=1), random(4, 6, seed=2)
    between = weight - 0.1 * orthogonal(first)
    mean = MOMENTUM * first + second
    expected = between - 0.1 * orthogonal(second + MOMENTUM * mean)
    assert torch.allclose(stepped(weight, [first, second]), expected, atol=1e-5)


def test_a_tall_kernel_steps_further_and_weights_decay():
    weight, gradient = random(16, 4), random(16, 4, seed=1)
    # 16 rows of 4: twice as far. A tenth of the rate times a half of the weight is lost.
    expected = weight * (1 - 0.1 * 0.5) - 0.1 * 2 * orthogonal(gradient)
    assert torch.allclose(stepped(weight, [gradient], decay=0.5), expected, atol=1e-6)


def test_other_weights_are_stepped_as_by_adamw():
    kernel, ours, theirs = nn.Parameter(random(4, 4)), nn.Parameter(random(5)), nn.Parameter(random(5))
    muon, adamw = Muon(groups(kernels=[kernel], others=[ours])), AdamW([theirs], lr=0.1, weight_decay=0.0)
    for seed in (3, 4):
        kernel.grad = random(4, 4, seed=seed)
        ours.grad = theirs.grad = random(5, seed=seed)
        muon.step()
        adamw.step()
    assert torch.equal(ours, theirs)


def test_a_run_that_was_read_back_goes_on_alike():
    kernel, other = nn.Parameter(random(4, 2, 3, 3)), nn.Parameter(random(5))
    pair = [copy.deepcopy(kernel), copy.deepcopy(other)]

    def run(optimizer, weights, seeds):
        for seed in seeds:
            for weight in weights:
                weight.grad = random(*weight.shape, seed=seed)
            optimizer.step()

    whole = Muon(groups(kernels=[kernel], others=[other]), fused=True)
    run(whole, [kernel, other], (1, 2, 3))
    killed = Muon(groups(kernels=pair[:1], others=pair[1:]), fused=True)
    run(killed, pair, (1, 2))
    resumed = Muon(groups(kernels=pair[:1], others=pair[1:]), fused=True)
    resumed.load_state_dict(copy.deepcopy(killed.state_dict()))
    run(resumed, pair, (3,))
    assert torch.equal(pair[0], kernel)
    assert torch.equal(pair[1], other)


def test_a_closure_is_called_with_gradients():
    kernel = nn.Parameter(random(4, 4))
    optimizer = Muon(groups(kernels=[kernel]))
    before = kernel.detach().clone()

    def closure():
        loss = kernel.square().sum()
        loss.backward()
        return loss

    assert optimizer.step(closure).item() == pytest.approx(before.square().sum().item())
    assert not torch.equal(kernel, before)

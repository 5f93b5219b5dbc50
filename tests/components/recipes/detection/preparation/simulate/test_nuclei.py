import numpy as np
import pytest

from components.recipes.detection.preparation.simulate.nuclei import Look, cut, draw_mask, light_up, place_nucleus


def look(**changes):
    plain = {
        "diameter": 20.0,
        "size_spread": 1e-9,
        "brightness_spread": 1e-9,
        "elongation": 1.0,
        "roughness": 0.0,
        "texture": 0.0,
        "grain": 0.1,
        "dome": 0.0,
    }
    return Look(**{**plain, **changes})


def test_a_plain_nucleus_is_a_disc_of_even_light():
    random = np.random.default_rng(0)
    mask = draw_mask(random, look())
    assert mask.sum() == pytest.approx(np.pi * 10**2, rel=0.02)
    light = light_up(random, mask, look())
    assert light[mask] == pytest.approx(1.0)
    assert light[~mask].max() == 0


def test_an_ellipse_keeps_its_area():
    areas = [draw_mask(np.random.default_rng(seed), look(elongation=2.0)).sum() for seed in range(20)]
    assert np.mean(areas) == pytest.approx(np.pi * 10**2, rel=0.02)


def test_outlines_differ_where_they_are_rough():
    first, second = (draw_mask(np.random.default_rng(seed), look(roughness=0.2)) for seed in (1, 2))
    assert first.sum() != second.sum()


def test_light_is_never_below_zero_however_mottled():
    random = np.random.default_rng(0)
    mask = draw_mask(random, look())
    light = light_up(random, mask, look(texture=1.0, dome=1.0))
    assert light.min() >= 0
    assert light[mask].std() > 0.1


def test_a_nucleus_lies_where_no_more_than_allowed_is_taken():
    random, taken, mask = (
        np.random.default_rng(0),
        np.zeros((64, 64), bool),
        draw_mask(np.random.default_rng(0), look()),
    )
    taken[:, :32] = True
    for _ in range(20):
        corner = place_nucleus(random, mask, taken, [], reach=20.0, clustering=0.0, overlap=0.0)
        if corner is not None:
            seen, inside = cut(mask, *corner, 64)
            assert not taken[inside][seen].any()


def test_a_full_image_takes_no_further_nucleus():
    taken = np.ones((64, 64), bool)
    mask = draw_mask(np.random.default_rng(0), look())
    assert place_nucleus(np.random.default_rng(1), mask, taken, [], reach=20, clustering=0, overlap=0.1) is None


def test_a_cluster_grows_beside_what_is_there():
    random, middles = np.random.default_rng(0), [np.array([32.0, 32.0])]
    mask = draw_mask(random, look())
    corner = place_nucleus(random, mask, np.zeros((64, 64), bool), middles, reach=20.0, clustering=1.0, overlap=1.0)
    assert corner is not None
    assert 0.8 * 20 <= np.hypot(*(middles[-1] - middles[0])) <= 1.3 * 20


def test_a_patch_is_cut_at_the_edges():
    patch = np.arange(9).reshape(3, 3)
    part, inside = cut(patch, -1, 62, 64)
    assert part.tolist() == [[3, 4], [6, 7]]
    assert inside == (slice(0, 2), slice(62, 64))
    assert cut(patch, 64, 0, 64)[1] is None
    assert cut(patch, -3, 0, 64)[1] is None

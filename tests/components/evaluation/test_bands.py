import numpy as np

from components.evaluation.bands import band_edges


def test_edges_cut_into_equal_masses():
    score = np.arange(100) / 100
    edges = band_edges(score, 4)
    assert np.bincount(np.searchsorted(edges, score, side="right")).tolist() == [25, 25, 25, 25]


def test_equal_values_stay_together_and_a_constant_has_no_edge():
    assert band_edges(np.array([0.1] * 70 + [0.5] * 20 + [0.9] * 10), 10).tolist() == [0.5, 0.9]
    assert band_edges(np.full(5, 0.3), 10).tolist() == []

import numpy as np

from components.kits.survival.metrics.contributions import Contribution
from components.recipes.competing_risks.report.figures import incidences, people
from components.recipes.competing_risks.report.observed import Steps

TARGET = np.array([[1, 1], [2, 2], [3, 0], [4, 1], [5, 0]], dtype=float)
TIMES = np.array([1.0, 2.0, 4.0])


def test_incidences_have_a_panel_for_each_cause() -> None:
    panels = {
        name: [(Steps.of("low", TARGET, cause, 0.95, 4.0), np.array([0.1, 0.2, 0.3]))]
        for cause, name in ((1, "relapse"), (2, "death"))
    }
    figure = incidences("Incidence", panels, TIMES, "years")
    assert [axes.get_xlabel() for axes in figure.axes] == ["years, relapse", "years, death"]


def test_incidences_of_a_person_stand_one_above_the_other() -> None:
    incidence = np.array([[[0.1, 0.2, 0.3], [0.1, 0.1, 0.2]]])
    figure = people("People", TIMES, incidence, ["relapse", "death"], [[Contribution("age", 70.0, 1.5)]], "years")
    left = figure.axes[0]
    assert left.get_title(loc="left") == "person 1 by 4 years: relapse 30%, death 20%"
    upper = left.collections[1].get_paths()[0].vertices
    assert np.isclose(upper[:, 1].max(), 0.5)

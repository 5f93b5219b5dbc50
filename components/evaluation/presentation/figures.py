"""Look of every picture, and how it is saved. Drawn without pyplot, so that no state is shared."""

import textwrap
import warnings
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec

from matplotlib import style
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import fontManager
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.patheffects import withStroke

from components.core.files import whole_file

P = ParamSpec("P")

# Okabe and Ito (2008): told apart with every common colour blindness. Yellow is left out, it fades on white.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
INK, QUIET_INK, QUIET, GRID = "#262626", "#6E6E6E", "#9A9A9A", "#E6E6E6"
DASHED = (0, (4, 3))
# Names in data may be Chinese: DejaVu comes with matplotlib, the others fill in where they are installed.
FONTS = ("DejaVu Sans", "Noto Sans CJK SC", "Noto Sans SC", "WenQuanYi Zen Hei", "WenQuanYi Micro Hei", "SimHei")
INCHES = (8.0, 6.0)
DOTS_PER_INCH = 150
CAPTION_WIDTH = 112  # characters of the small print that fit a line
HALO = [withStroke(linewidth=3, foreground="white")]  # keeps a number legible over a line
STYLE = {
    "text.parse_math": False,  # a category named "$100-$200" is no formula
    "text.color": INK,
    "font.size": 12,
    "axes.titlesize": 15,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.titlepad": 14,
    "axes.labelcolor": INK,
    "axes.edgecolor": QUIET,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": GRID,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.labelsize": 11,
    "ytick.labelsize": 11,
    "legend.frameon": False,
    "legend.fontsize": 11.5,
    "legend.labelcolor": "linecolor",
}


def styled(draw: Callable[P, Figure]) -> Callable[P, Figure]:
    """Draw in this style whatever a user's own matplotlib settings are."""

    @wraps(draw)
    def inside(*args: P.args, **kwargs: P.kwargs) -> Figure:
        with style.context(_style()):
            return draw(*args, **kwargs)

    return inside


def save(figure: Figure, path: Path) -> None:
    """Write a PNG 1200 pixels wide, legible at 800: the same figure gives the same bytes."""
    with style.context(_style()), whole_file(path) as temporary, warnings.catch_warnings():
        # Characters that no installed font has are drawn as boxes; a line for each helps nobody.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        canvas = FigureCanvasAgg(figure)
        canvas.print_png(temporary, metadata={"Software": None})  # it would name matplotlib's version


def new_figure(*, height: float = INCHES[1]) -> Figure:
    """An empty figure of the common width; `height` in inches."""
    margins = ConstrainedLayoutEngine(w_pad=0.12, h_pad=0.12)
    return Figure(figsize=(INCHES[0], height), dpi=DOTS_PER_INCH, layout=margins)


def title_over_all(figure: Figure, text: str) -> None:
    """Over all panels, from the left edge of the picture: the first panel may be too narrow for it."""
    figure.suptitle(text, x=0.02, ha="left", fontsize=15, weight="bold")


def small_print(figure: Figure, caption: str, note: str = "") -> None:
    """At the foot: a note in a line of its own, and how it was measured."""
    lines = [note] if note else []
    lines += textwrap.wrap(caption, CAPTION_WIDTH)
    figure.supxlabel("\n".join(lines), x=0.02, ha="left", fontsize=9, color=QUIET_INK)


def draws_chinese() -> bool:
    """Whether a font is installed that has Chinese characters: without one they are boxes."""
    return bool(set(FONTS[1:]) & set(fontManager.get_font_names()))


def shown_percent(share: float) -> str:
    """A share as a percentage with two digits that say something: 0.04%, 0.4%, 4.0%, 40%."""
    digits = 0 if share >= 0.1 or share == 0 else 1 if share >= 0.001 else 2
    return f"{share:.{digits}%}"


def shortened(name: str, length: int) -> str:
    """At most `length` characters, from both ends: what tells long names apart is often at the end."""
    head = 2 * length // 3
    return name if len(name) <= length else f"{name[:head]}…{name[len(name) - (length - head - 1) :]}"


def axis_limit(largest: float) -> float:
    """Where an axis of shares ends: at 1, unless that would squeeze what is drawn into the lower half."""
    return 1.0 if largest > 0.5 else 1.1 * largest


def _style() -> list[Any]:
    """Matplotlib's own defaults, then ours: a user's matplotlibrc changes no picture."""
    installed = set(fontManager.get_font_names())
    return ["default", {**STYLE, "font.family": [font for font in FONTS if font in installed]}]

import numpy as np
import pytest
import torch

from components.recipes.detection.training.augment import (
    SYMMETRIES,
    AugmentParams,
    Part,
    Picture,
    Small,
    Window,
    colour,
    draw,
    draw_view,
    draw_window,
    move_boxes,
    parts_of,
)

PLAIN = AugmentParams(
    zoom=(1.0, 1.0),
    mosaic=0.0,
    mosaic_until=0.0,
    mosaic_zoom=(1.0, 1.0),
    aspect=0.0,
    visible=0.25,
    contrast=0.0,
    brightness=0.0,
    tint=0.0,
    gamma=0.0,
    noise=0.0,
    small=Small(factor=1.0, until=0.0),
)


def marked(height=48, width=64):
    """A dark picture with one bright rectangle, which is its box."""
    pixels = torch.zeros(1, height, width, dtype=torch.uint8)
    pixels[:, 10:20, 30:50] = 255
    return Picture(pixels, np.array([[30.0, 10.0, 50.0, 20.0]], np.float32), np.array([0]))


def bright_box(view):
    rows, columns = np.nonzero(view.pixels[0].numpy() > 0.5)
    return [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]


def window(turn=0, zoom=(1.0, 1.0), middle=(32.0, 24.0), centre=(32.0, 24.0)):
    return Window(np.array(middle), np.array(centre), SYMMETRIES[turn], np.array(zoom))


def test_a_window_takes_places_to_the_source_and_back():
    places = np.array([[3.0, 4.0], [20.0, 11.0]])
    for turn in range(len(SYMMETRIES)):
        one = window(turn, zoom=(2.0, 0.5), middle=(10.0, 12.0))
        assert one.view(one.source(places)) == pytest.approx(places)


def test_a_window_zooms_about_its_middle():
    one = window(zoom=(2.0, 2.0), middle=(10.0, 20.0), centre=(32.0, 24.0))
    assert one.source(np.array([32.0, 24.0])).tolist() == [10.0, 20.0]
    assert one.source(np.array([34.0, 24.0])).tolist() == [10.0 + 2 / 2, 20.0]


def test_boxes_move_with_the_window_and_are_cut_at_its_part():
    picture, part = marked(), Part((0, 0), (64, 48))
    boxes, labels = move_boxes(picture, window(middle=(42.0, 24.0)), part, 0.25)
    assert boxes.tolist() == [[20.0, 10.0, 40.0, 20.0]]
    assert labels.tolist() == [0]
    # Moved 40 to the left, ten of its twenty columns are left; 46 to the left, four.
    assert move_boxes(picture, window(middle=(72.0, 24.0)), part, 0.25)[0].tolist() == [[0.0, 10.0, 10.0, 20.0]]
    assert len(move_boxes(picture, window(middle=(78.0, 24.0)), part, 0.25)[0]) == 0


def test_a_mirrored_box_is_mirrored():
    part = Part((0, 0), (64, 48))
    boxes = [move_boxes(marked(), window(turn), part, 0.25)[0].tolist() for turn in range(4)]
    assert boxes == [
        [[30, 10, 50, 20]],
        [[64 - 50, 10, 64 - 30, 20]],
        [[30, 48 - 20, 50, 48 - 10]],
        [[64 - 50, 48 - 20, 64 - 30, 48 - 10]],
    ]


@pytest.mark.parametrize("turn", range(len(SYMMETRIES)))
@pytest.mark.parametrize("middle", [(32.0, 24.0), (3.0, 40.0), (70.0, -5.0)])
def test_every_pixel_is_where_its_window_says(turn, middle):
    """Interpolated between four pixels of the picture, whose surroundings have its mean colour."""
    pixels = torch.randint(0, 256, (2, 48, 64), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    picture, part = Picture(pixels, np.zeros((0, 4), np.float32), np.zeros(0, int)), Part((4, 8), (24, 16))
    one = window(turn, zoom=(1.3, 0.7), middle=middle, centre=(16.0, 16.0))
    canvas = torch.full((2, 30, 30), -1.0)
    draw(canvas, picture, one, part)
    mean = pixels.float().mean(dim=(1, 2)).numpy() / 255
    around = np.tile(mean[:, None, None], (1, 448, 464))
    around[:, 200:248, 200:264] = pixels.numpy() / 255
    for x, y in ((4, 8), (27, 23), (15, 12), (9, 22)):
        left, top = one.source(np.array([x + 0.5, y + 0.5])) - 0.5 + 200
        column, row = int(left), int(top)
        across, down = left - column, top - row
        corners = around[:, row : row + 2, column : column + 2]
        expected = corners @ [1 - across, across] @ [1 - down, down]
        assert canvas[:, y, x].numpy() == pytest.approx(expected, abs=1e-4)
    assert (canvas[:, :8] == -1).all()
    assert (canvas[:, :, 28:] == -1).all()


@pytest.mark.parametrize("seed", range(8))
def test_a_box_stays_around_what_it_is_around(seed):
    """Whatever is drawn, the bright rectangle is where its box is, to the pixel that interpolation blurs."""
    random = np.random.default_rng(seed)
    params = PLAIN.model_copy(update={"zoom": (0.7, 1.3), "aspect": 0.2})
    view = draw_view(random, [marked()], 0, (64, 48), params, mosaic=False, factor=1.0)
    if len(view.boxes):
        assert bright_box(view) == pytest.approx(view.boxes[0].tolist(), abs=1.0)


@pytest.mark.parametrize("seed", range(8))
def test_in_a_mosaic_too(seed):
    random, picture = np.random.default_rng(seed), marked()
    view = draw_view(random, [picture] * 4, 1, (128, 96), PLAIN, mosaic=True, factor=1.0)
    inside = np.zeros((96, 128), bool)
    for x1, y1, x2, y2 in view.boxes:
        inside[max(0, int(y1) - 1) : int(y2) + 2, max(0, int(x1) - 1) : int(x2) + 2] = True
    bright = view.pixels[0].numpy() > 0.5
    small = (~inside & bright).sum()  # what is left of a box of which too little is seen
    assert small <= 0.25 * 200 * 4
    if len(view.boxes):
        assert bright[inside].mean() > 0.5


def test_four_parts_cover_a_view_once():
    seen = np.zeros((96, 128), int)
    for part in parts_of(np.random.default_rng(0), (128, 96), True):
        (left, top), (width, height) = part.corner, part.shape
        seen[top : top + height, left : left + width] += 1
    assert (seen == 1).all()
    assert parts_of(np.random.default_rng(0), (128, 96), False) == [Part((0, 0), (128, 96))]


@pytest.mark.parametrize("turned", [False, True])
def test_a_window_stays_inside_where_the_picture_is_large_enough(turned):
    for seed in range(20):
        one = draw_window(
            np.random.default_rng(seed),
            marked(200, 300),
            Part((0, 0), (64, 48)),
            zoom=(0.8, 1.2),
            aspect=0.1,
            turned=turned,
        )
        ends = one.source(np.array([[0.0, 0.0], [64.0, 48.0]]))
        assert ends.min() >= -1e-9
        assert (ends.max(axis=0) <= np.array([300, 200]) + 1e-9).all()


def test_a_larger_part_than_the_picture_sees_all_of_it_with_its_mean_around():
    view = draw_view(np.random.default_rng(0), [marked()], 0, (160, 128), PLAIN, mosaic=False, factor=1.0)
    assert len(view.boxes) == 1
    assert (view.boxes[0, 2:] - view.boxes[0, :2]).tolist() == pytest.approx([20, 10])
    mean = marked().pixels.float().mean().item() / 255
    assert view.pixels[0, 0, 0].item() == pytest.approx(mean, abs=1e-5) or view.boxes[0, 0] < 50


def test_smaller_views_show_smaller_objects():
    view = draw_view(np.random.default_rng(0), [marked()], 0, (32, 24), PLAIN, mosaic=False, factor=0.5)
    assert view.pixels.shape == (1, 24, 32)
    assert (view.boxes[0, 2:] - view.boxes[0, :2]).tolist() == pytest.approx([10, 5])


def test_no_colour_is_changed_unless_it_is_asked_for_and_all_stay_within_bounds():
    canvas = torch.rand(3, 16, 16)
    assert torch.allclose(colour(np.random.default_rng(0), canvas, PLAIN), canvas, atol=1e-6)
    strong = {"contrast": 1.0, "brightness": 0.5, "tint": 0.5, "gamma": 0.5, "noise": 0.2}
    for seed in range(5):
        changed = colour(np.random.default_rng(seed), canvas, PLAIN.model_copy(update=strong))
        assert changed.min() >= 0
        assert changed.max() <= 1
        assert changed.dtype == torch.float32
        assert not torch.allclose(changed, canvas)

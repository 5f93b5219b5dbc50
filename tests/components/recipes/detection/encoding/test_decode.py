"""Images of every kind become the same array, and what is none is named."""

import io
import zlib

import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from components.core.errors import CasebookError
from components.recipes.detection.encoding.decode import decode, read_size
from tests.examples import examples

RANDOM = np.random.default_rng(0)
GREY8 = RANDOM.integers(256, size=(6, 4), dtype=np.uint8)
GREY16 = RANDOM.integers(65536, size=(6, 4), dtype=np.uint16)
RGB8 = RANDOM.integers(256, size=(6, 4, 3), dtype=np.uint8)
RGB16 = RANDOM.integers(65536, size=(6, 4, 3), dtype=np.uint16)


def encoded(image: Image.Image, form: str = "PNG", **options) -> bytes:
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


def tiff(array: np.ndarray, **options) -> bytes:
    file = io.BytesIO()
    tifffile.imwrite(file, array, **options)
    return file.getvalue()


def plain(content: bytes, channels: int = 3) -> np.ndarray:
    return decode(content, channels=channels, percentiles=None)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (encoded(Image.fromarray(GREY8)), GREY8 / 255),
        (encoded(Image.fromarray(GREY8), "BMP"), GREY8 / 255),
        (encoded(Image.fromarray(GREY16)), GREY16 / 65535),
        (encoded(Image.fromarray(GREY8 > 127)), (GREY8 > 127) * 1.0),
        (tiff(GREY8), GREY8 / 255),
        (tiff(GREY16), GREY16 / 65535),
        (tiff(GREY16, byteorder=">"), GREY16 / 65535),
        (tiff(GREY16, bigtiff=True), GREY16 / 65535),
        (tiff(GREY16, compression="zlib"), GREY16 / 65535),
        (tiff(GREY8, photometric="miniswhite"), 1 - GREY8 / 255),
        (tiff((GREY8 / 255).astype(np.float32)), GREY8 / 255),
        (encoded(Image.fromarray(GREY8), "TIFF", compression="tiff_lzw"), GREY8 / 255),
    ],
)
def test_grey_of_every_depth(content, expected):
    one = plain(content, 1)
    assert (one.shape, one.dtype) == ((6, 4, 1), np.float32)
    np.testing.assert_allclose(one[..., 0], expected, atol=1e-6)
    np.testing.assert_array_equal(plain(content), np.repeat(one, 3, axis=2))


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (encoded(Image.fromarray(RGB8)), RGB8 / 255),
        (tiff(RGB8), RGB8 / 255),
        (tiff(RGB16), RGB16 / 65535),
        (tiff(np.moveaxis(RGB16, -1, 0), photometric="rgb", planarconfig="separate"), RGB16 / 65535),
        (encoded(Image.fromarray(RGB8).convert("RGBA")), RGB8 / 255),
        (encoded(Image.fromarray(RGB8), "TIFF", compression="tiff_lzw"), RGB8 / 255),
    ],
)
def test_colour_of_every_depth(content, expected):
    np.testing.assert_allclose(plain(content), expected, atol=1e-6)
    weights = np.array([0.299, 0.587, 0.114])
    np.testing.assert_allclose(plain(content, 1)[..., 0], expected @ weights, atol=1e-5)


def test_jpeg_cmyk_and_palettes_are_colours():
    smooth = np.tile(np.linspace(0, 255, 16, dtype=np.uint8)[None, :, None], (16, 1, 3))
    image = Image.fromarray(smooth)
    for content in (encoded(image, "JPEG", quality=95), encoded(image.convert("CMYK"), "JPEG", quality=95)):
        np.testing.assert_allclose(plain(content), smooth / 255, atol=0.03)
    few = Image.fromarray((RGB8 > 127).astype(np.uint8) * 255).quantize(8)
    for form in ("PNG", "TIFF"):
        np.testing.assert_allclose(plain(encoded(few, form)), np.asarray(few.convert("RGB")) / 255, atol=1e-6)


def test_what_is_transparent_lies_on_white():
    pixels = np.array([[[255, 0, 0, 255], [255, 0, 0, 0]]], np.uint8)
    assert plain(encoded(Image.fromarray(pixels))).tolist() == [[[1, 0, 0], [1, 1, 1]]]
    grey = Image.fromarray(np.array([[[0, 255], [0, 0]]], np.uint8))
    assert plain(encoded(grey), 1).ravel().tolist() == [0, 1]


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize(
    ("form", "options"), [("PNG", {}), ("TIFF", {}), ("TIFF", {"compression": "tiff_lzw"})], ids=["png", "tiff", "lzw"]
)
def test_an_image_is_turned_as_its_exif_says(orientation, form, options):
    exif = Image.Exif()
    exif[0x0112] = orientation
    content = encoded(Image.fromarray(RGB8), form, exif=exif, **options)
    # EXIF 2.32: where row 0 and column 0 of the stored image are in the picture.
    flips = {
        1: RGB8,
        2: RGB8[:, ::-1],
        3: RGB8[::-1, ::-1],
        4: RGB8[::-1],
        5: RGB8.swapaxes(0, 1),
        6: RGB8.swapaxes(0, 1)[:, ::-1],
        7: RGB8.swapaxes(0, 1)[::-1, ::-1],
        8: RGB8.swapaxes(0, 1)[::-1],
    }
    np.testing.assert_allclose(plain(content), flips[orientation] / 255, atol=1e-6)
    assert read_size(content, name="x") == ((6, 4) if orientation >= 5 else (4, 6))


def test_percentiles_become_0_and_1():
    # 0 to 100 in steps of 1: the percentiles are the values themselves.
    ramp = np.arange(101, dtype=np.uint16).reshape(1, -1) * 100 + 300
    found = decode(tiff(ramp), channels=1, percentiles=(10.0, 90.0)).ravel()
    np.testing.assert_allclose(found, np.clip((np.arange(101) - 10) / 80, 0, 1), atol=1e-5)


def test_an_image_of_one_brightness_and_one_of_nothing_are_dark():
    even = decode(tiff(np.full((4, 4), 7, np.uint16)), channels=1, percentiles=(1.0, 99.0))
    nothing = decode(tiff(np.full((4, 4), np.nan, np.float32)), channels=1, percentiles=(1.0, 99.0))
    assert (even.max(), nothing.max()) == (0, 0)


def test_floats_need_percentiles_outside_0_and_1():
    array = np.linspace(-5, 20, 30, dtype=np.float32).reshape(5, 6)
    with pytest.raises(CasebookError, match=r"x\.tif: its floats are outside 0\.\.1; state prepare.percentiles"):
        decode(tiff(array), channels=1, percentiles=None, name="x.tif")
    found = decode(tiff(array), channels=1, percentiles=(0.0, 100.0))
    np.testing.assert_allclose(found[..., 0], (array + 5) / 25, atol=1e-6)


def truncated(content: bytes) -> bytes:
    return content[: len(content) // 2]


NOISE = Image.fromarray(RANDOM.integers(256, size=(64, 64, 3), dtype=np.uint8))
BAD = {
    "empty.png": (b"", "an empty file"),
    "text.png": (b"hello, I am no image", "not an image of a known kind"),
    "half.png": (truncated(encoded(NOISE)), "damaged image"),
    "half.jpg": (truncated(encoded(NOISE, "JPEG")), "damaged image"),
    "half.tif": (truncated(tiff(np.asarray(NOISE))), "damaged image"),
    "head.tif": (b"II*\0" + b"\xff" * 40, "damaged image"),
    "stack.tif": (tiff(np.zeros((9, 6, 5), np.uint8), photometric="minisblack"), "not one picture"),
    "channels.tif": (tiff(np.zeros((2, 6, 5), np.uint16), metadata={"axes": "CYX"}, imagej=False), "2 channels, and"),
    "pages.tif": (encoded(NOISE, "TIFF", save_all=True, append_images=[NOISE.resize((9, 9))]), "2 pages"),
    "frames.png": (encoded(NOISE, "PNG", save_all=True, append_images=[NOISE.rotate(90)]), "2 pages"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_image_is_told_by_its_name(tmp_path, name):
    content, told = BAD[name]
    with pytest.raises(CasebookError) as error:
        decode(content, channels=3, percentiles=None, name=name)
    assert str(error.value).startswith(f"{name}: ")
    assert told in str(error.value)
    (tmp_path / name).write_bytes(content)
    with pytest.raises(CasebookError, match=told):
        decode(tmp_path / name, channels=3, percentiles=None)


def test_a_bomb_is_told():
    def chunk(kind: bytes, body: bytes) -> bytes:
        return len(body).to_bytes(4, "big") + kind + body + zlib.crc32(kind + body).to_bytes(4, "big")

    header = (60_000).to_bytes(4, "big") * 2 + bytes([8, 0, 0, 0, 0])
    bomb = (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 100)) + chunk(b"IEND", b"")
    )
    with pytest.raises(CasebookError, match=r"b\.png: too many pixels"):
        decode(bomb, channels=1, percentiles=None, name="b.png")


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(CasebookError, match=r"gone\.png: cannot be read: No such file"):
        decode(tmp_path / "gone.png", channels=3, percentiles=None)


SEEDS = [encoded(NOISE.resize((8, 8))), encoded(NOISE.resize((8, 8)), "JPEG"), tiff(GREY16), tiff(RGB8), b"II*\0"]


@pytest.mark.slow
@settings(max_examples=examples(150), deadline=None)
@given(
    seed=st.sampled_from(SEEDS),
    changes=st.lists(st.tuples(st.integers(0, 4000), st.integers(0, 255)), max_size=8),
    cut=st.integers(0, 400),
    junk=st.binary(max_size=30),
)
def test_bytes_that_were_changed_are_an_image_or_told(seed, changes, cut, junk):
    content = bytearray(seed[: len(seed) - cut] + junk)
    for place, value in changes:
        if content:
            content[place % len(content)] = value
    try:
        found = decode(bytes(content), channels=1, percentiles=(1.0, 99.0), name="x")
    except CasebookError:
        return
    assert found.ndim == 3
    assert found.shape[2] == 1
    assert ((found >= 0) & (found <= 1)).all()

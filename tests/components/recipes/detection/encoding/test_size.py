"""What strangers send is measured before it is unpacked."""

import io
import tracemalloc

import numpy as np
import pytest
import tifffile

from components.core.errors import CasebookError
from components.recipes.detection.encoding.size import check_size
from tests.components.recipes.detection.encoding.test_raw import dicom
from tests.components.recipes.detection.images import encoded, png_of_size, tiff, tiff_that_unpacks_to

MOST = 1_000_000
DEFLATED = b"1.2.840.10008.1.2.1.99"
SMALL = np.zeros((6, 4), np.uint8)
DEEP = np.zeros((6, 4), np.uint16)
OME = (
    '<OME><Image ID="Image:0"><Pixels DimensionOrder="XYCZT" Type="uint8" SizeX="4" SizeY="6" SizeC="1" SizeZ="1" '
    'SizeT="{planes}"><TiffData IFD="{page}"/></Pixels></Image></OME>'
)


def ome(*pages: dict, page: int = 0, planes: int = 1) -> bytes:
    """Pages that are written so, and XML that says which of them is the image."""
    content = io.BytesIO()
    with tifffile.TiffWriter(content) as file:
        for place, how in enumerate(pages):
            told = OME.format(page=page, planes=planes) if place == 0 else None
            file.write(SMALL, description=told, metadata=None, contiguous=False, **how)
    return content.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        encoded(SMALL),
        encoded(SMALL, "JPEG"),
        encoded(SMALL, "BMP"),
        encoded(SMALL, "TIFF", compression="tiff_lzw"),
        tiff(DEEP, compression="zlib"),
        tiff(np.zeros((3, 6, 4), np.uint16), photometric="minisblack"),
        ome({}, {"compression": "zlib"}, page=1),
        ome({"rowsperstrip": 2, "compression": "zlib"}, planes=2),
        dicom(DEEP),
    ],
)
def test_every_form_that_is_read_is_measured(content):
    assert check_size(content, "a", MOST) == (6, 4)


@pytest.mark.parametrize("content", [b"", b"\x89PNG\r\n\x1a\n", encoded(SMALL)[:20]])
def test_a_damaged_one_is_left_to_who_reads_it(content):
    assert check_size(content, "a", MOST) == (0, 0)


@pytest.mark.parametrize("content", [b"II*\0", b"II*\0\xff\xff\xff\xff", dicom(DEEP)[:300]])
def test_one_that_is_damaged_where_nothing_guards_its_reader_is_refused(content, caplog):
    """A part that is broken must not hide another one that unpacks to all of the memory."""
    with pytest.raises(CasebookError, match=r"a: damaged image \(.+\)"):
        check_size(content, "a", MOST)
    assert caplog.text == ""


@pytest.mark.parametrize(
    "content", [b"<svg/>", b"%!PS-Adobe-3.0 EPSF-3.0\n", encoded(SMALL, "GIF"), encoded(SMALL, "WEBP")]
)
def test_other_forms_are_refused_by_name(content):
    with pytest.raises(CasebookError, match=r"b\.gif: no image of a form that is read"):
        check_size(content, "b.gif", MOST)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (png_of_size(60_000, 60_000), "too many pixels"),
        (png_of_size(2_000, 2_000), "2000 x 2000 pixels, 4,000,000 numbers in all; at most 1,000,000"),
        (tiff(np.zeros((30, 200, 200), np.uint8), photometric="minisblack", compression="zlib"), "1,200,000 numbers"),
        (dicom(np.zeros((30, 200, 200), np.uint16)), "1,200,000 numbers"),
        (tiff_that_unpacks_to(300_000_000), "unpacks to more than its header says"),
        (tiff(SMALL, compression="lzma"), "packed with LZMA"),
        (ome({}, {"compression": "lzma"}, page=1), "packed with LZMA"),  # not the first page is read
        (ome({}, planes=10**12), "more planes than are read"),
        (ome({}, planes=-(10**12)), "more planes than are read"),
        (tiff(SMALL, tile=(2048, 2048), compression="zlib"), "4,194,304 numbers"),  # all of a tile is unpacked
        (dicom(DEEP).replace(b"1.2.840.10008.1.2.1\0", DEFLATED), "deflated"),
        (dicom(DEEP, version=bytes(5000)).replace(b"1.2.840.10008.1.2.1\0", DEFLATED), "deflated"),
    ],
)
def test_what_holds_too_much_is_refused_before_it_is_unpacked(content, said):
    tracemalloc.start()
    with pytest.raises(CasebookError, match=f"bomb: .*{said}"):
        check_size(content, "bomb", MOST)
    assert tracemalloc.get_traced_memory()[1] < 20_000_000
    tracemalloc.stop()

"""How much is in the file of an image, by its header: of what strangers send it is known before it is unpacked."""

import io
import logging
import math
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

import tifffile
from PIL import Image

from components.core.errors import CasebookError
from components.recipes.detection.encoding.raw import TIFF_STARTS, is_dicom

KNOWN = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"BM")  # how PNG, JPEG and BMP begin
OTHER_FORM = "no image of a form that is read: PNG, JPEG, BMP, TIFF and DICOM are"
DEFLATED = b"1.2.840.10008.1.2.1.99"  # DICOM that is packed as a whole, with its header
DEFLATE = (8, 32946)
BLIND = {34925: "LZMA", 32773: "PackBits"}  # of TIFF: unpacked without a look at how much comes out
RATIO = 1100  # times that deflate can pack at most
HARMLESS = 1 << 28  # bytes
AT_A_TIME = 1 << 20


def check_size(content: bytes, name: str, most: int) -> tuple[int, int]:
    """Height and width of an image that holds at most `most` numbers, all its planes and channels counted; 0 and 0 of a
    damaged one that can do no harm, which is left to who reads it.

    Raises:
        CasebookError: it has more, is of a form that is not read, or is damaged; the message starts with `name`.
    """
    try:
        with _quiet():
            count, height, width = _measured(content)
    except CasebookError as error:
        raise CasebookError(f"{name}: {error}") from None
    except Exception as error:  # the readers parse by hand, and of broken files let anything through
        if not (is_dicom(content) or content[:4] in TIFF_STARTS):
            return 0, 0
        told = " ".join(str(error).split())[:200] or type(error).__name__
        raise CasebookError(f"{name}: damaged image ({told})") from None
    if count > most:
        raise CasebookError(
            f"{name}: {width} x {height} pixels, {count:,} numbers in all; at most {most:,} are read over HTTP: cut it "
            "into parts, or ask `casebook predict`"
        )
    return height, width


@contextmanager
def _quiet() -> Iterator[None]:
    """Without what the readers say: the client is told what matters, and a server's log is no place for the rest."""
    log = logging.getLogger("tifffile")
    before = log.level
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        log.setLevel(logging.CRITICAL + 1)
        try:
            yield
        finally:
            log.setLevel(before)


def _measured(content: bytes) -> tuple[int, int, int]:
    """Numbers, height and width."""
    if is_dicom(content):
        return _of_dicom(content)
    if content[:4] in TIFF_STARTS:
        return _of_tiff(content)
    if content and not content.startswith(KNOWN):
        raise CasebookError(OTHER_FORM)
    try:
        with Image.open(io.BytesIO(content)) as image:
            return image.width * image.height * len(image.getbands()), image.height, image.width
    except Image.DecompressionBombError:
        raise CasebookError("too many pixels to be read at once; cut it into parts") from None


def _of_dicom(content: bytes) -> tuple[int, int, int]:
    import pydicom  # half a second of work

    if DEFLATED in content[:4096]:
        raise CasebookError("DICOM that is packed with its header (deflated) is not read over HTTP; save it otherwise")
    file = pydicom.dcmread(io.BytesIO(content), stop_before_pixels=True)
    height, width = int(file.Rows), int(file.Columns)
    planes = int(file.get("NumberOfFrames", 1) or 1) * int(file.get("SamplesPerPixel", 1) or 1)
    return height * width * planes, height, width


def _of_tiff(content: bytes) -> tuple[int, int, int]:
    with tifffile.TiffFile(io.BytesIO(content)) as file:
        series, page = file.series[0], file.pages.first
        if (how := BLIND.get(int(page.compression))) is not None:
            raise CasebookError(f"TIFF that is packed with {how} is not read over HTTP; save it with deflate or LZW")
        if page.dtype is None:
            raise CasebookError("numbers of a type that is not known")
        if int(page.compression) in DEFLATE and len(content) * RATIO > HARMLESS:
            whole = math.prod(page.chunks) * page.dtype.itemsize
            for packed in _packed(content, series):
                _check_unpacked(packed, whole)
        return math.prod(series.shape), page.imagelength, page.imagewidth


def _packed(content: bytes, series: tifffile.TiffPageSeries) -> Iterator[memoryview]:
    """Strips and tiles of all pages, as they lie in the file."""
    view = memoryview(content)
    for page in series.pages:
        if page is not None:
            for start, length in zip(page.dataoffsets, page.databytecounts, strict=False):
                yield view[start : start + length]


def _check_unpacked(packed: memoryview, most: int) -> None:
    """Refuse what unpacks to more than the header says."""
    unpacker, rest, count = zlib.decompressobj(), bytes(packed), 0
    while rest and not unpacker.eof:
        count += len(unpacker.decompress(rest, AT_A_TIME))
        if count > most:
            raise CasebookError("it unpacks to more than its header says")
        rest = unpacker.unconsumed_tail

"""How much is in the file of an image, by its header: of what strangers send it is known before it is unpacked."""

import io
import logging
import math
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from xml.etree import ElementTree

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
MOST_PLANES, MOST_TOLD = 10_000, 1 << 27  # planes, and numbers in them, that the XML of an OME-TIFF may tell of
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

    if DEFLATED in content:
        raise CasebookError("DICOM that is packed with its header (deflated) is not read over HTTP; save it otherwise")
    file = pydicom.dcmread(io.BytesIO(content), stop_before_pixels=True)
    height, width = int(file.Rows), int(file.Columns)
    planes = int(file.get("NumberOfFrames", 1) or 1) * int(file.get("SamplesPerPixel", 1) or 1)
    return height * width * planes, height, width


def _of_tiff(content: bytes) -> tuple[int, int, int]:
    with tifffile.TiffFile(io.BytesIO(content)) as file:
        if (text := file.ome_metadata) is not None:
            _check_ome(text)
        series, first = file.series[0], file.pages.first
        # Of contiguous numbers nothing is unpacked, and not all their pages need have a header.
        every = [page for page in series if page is not None] if series.dataoffset is None else []
        pages = [(page, page.keyframe) for page in every if page.keyframe is not None]  # which says how it is packed
        kinds = list({id(one): one for one in (first, series.keyframe, *(kind for _, kind in pages))}.values())
        itemsizes = {id(kind): _itemsize(kind) for kind in kinds}
        if len(content) * RATIO > HARMLESS:
            for page, kind in pages:
                if int(kind.compression) in DEFLATE:
                    for packed in _packed(content, page):
                        _check_unpacked(packed, math.prod(kind.chunks) * itemsizes[id(kind)])
        sizes = [series.shape, *(one.shape for one in kinds), *(one.chunks for one in kinds)]
        largest = max(kinds, key=lambda one: one.imagelength * one.imagewidth)
        return max(map(math.prod, sizes)), largest.imagelength, largest.imagewidth


def _check_ome(text: str) -> None:
    """Refuse what tells of more planes than anybody sends: the reader makes a list of them, there or not."""
    try:
        told = list(ElementTree.fromstring(text).iter())  # noqa: S314 - expat refuses what grows without end
    except ElementTree.ParseError:  # the reader goes by the pages alone
        return
    planes = numbers = parts = 0.0
    for element in told:
        name = element.tag.rpartition("}")[2]
        if name == "Pixels":
            of_it = _product(element, "SizeZ", "SizeC", "SizeT")
            planes, numbers = planes + of_it, numbers + of_it * _product(element, "SizeX", "SizeY")
        elif name == "TiffData":
            parts += max(0.0, *(float(element.get(key, 0)) for key in ("NumPlanes", "PlaneCount")))
        elif name.startswith("ModuloAlong"):
            length = float(element.get("End", 0)) - float(element.get("Start", 0))
            parts += abs(length / float(element.get("Step", 1)))
    if not (planes <= MOST_PLANES and parts <= MOST_PLANES and numbers <= MOST_TOLD):
        raise CasebookError("its OME-XML tells of more planes than are read over HTTP; save the one to look at alone")


def _product(element: ElementTree.Element, *names: str) -> float:
    return abs(math.prod(float(element.get(name, 1)) for name in names))  # one below 0 takes nothing off the others


def _itemsize(page: tifffile.TiffPage) -> int:
    """Bytes of a number, of a page that is packed in a way that tells how much comes out."""
    if (how := BLIND.get(int(page.compression))) is not None:
        raise CasebookError(f"TIFF that is packed with {how} is not read over HTTP; save it with deflate or LZW")
    if page.dtype is None:
        raise CasebookError("numbers of a type that is not known")
    return page.dtype.itemsize


def _packed(content: bytes, page: tifffile.TiffPage | tifffile.TiffFrame) -> Iterator[memoryview]:
    """Its strips or tiles, as they lie in the file."""
    view = memoryview(content)
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

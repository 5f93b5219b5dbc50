"""Files of images as people and strangers send them."""

import io
import struct
import zlib

import numpy as np
import tifffile
from PIL import Image


def encoded(array: np.ndarray, form: str = "PNG", **how: object) -> bytes:
    """A file of the array (H, W) or (H, W, C)."""
    file = io.BytesIO()
    Image.fromarray(array).save(file, format=form, **how)
    return file.getvalue()


def tiff(array: np.ndarray, **how: object) -> bytes:
    file = io.BytesIO()
    tifffile.imwrite(file, array, **how)
    return file.getvalue()


def png_of_size(width: int, height: int, rows: int = 0) -> bytes:
    """A header that says so, and so many rows of zeros, packed."""
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    body = zlib.compress(bytes((width + 1) * rows), 9)
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*one) for one in ((b"IHDR", head), (b"IDAT", body), (b"IEND", b"")))


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def tiff_that_unpacks_to(length: int, width: int = 8, height: int = 8) -> bytes:
    """One strip of `length` zeros, packed with deflate, in a TIFF whose header says that it is small."""
    whole = tiff(np.zeros((height, width), np.uint8), compression="zlib", rowsperstrip=height)
    with tifffile.TiffFile(io.BytesIO(whole)) as file:
        tags = file.pages.first.tags
        places = {name: tags[name].valueoffset for name in ("StripOffsets", "StripByteCounts")}
        kinds = {name: "<I" if tags[name].dtype == tifffile.DATATYPE.LONG else "<H" for name in places}
        assert set(kinds.values()) == {"<I"}, kinds
    packed = zlib.compress(bytes(length), 9)
    content = bytearray(whole)
    content[places["StripOffsets"] : places["StripOffsets"] + 4] = struct.pack("<I", len(whole))
    content[places["StripByteCounts"] : places["StripByteCounts"] + 4] = struct.pack("<I", len(packed))
    return bytes(content) + packed

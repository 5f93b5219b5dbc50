"""Files of microscopes and scanners to the numbers in them."""

import io

import numpy as np
import pydicom
import pytest
import tifffile
from pydicom.dataset import FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

from components.core.errors import CasebookError
from components.recipes.detection.encoding.decode import decode
from components.recipes.detection.encoding.raw import OpenError, read_raw, read_size

STACK = np.arange(2 * 3 * 4 * 5, dtype=np.uint16).reshape(2, 3, 4, 5)  # C, Z, Y, X


def tiff(array: np.ndarray, **options) -> bytes:
    file = io.BytesIO()
    tifffile.imwrite(file, array, **options)
    return file.getvalue()


def ome(array: np.ndarray, axes: str, **metadata) -> bytes:
    return tiff(array, ome=True, photometric="minisblack", metadata={"axes": axes, **metadata})


def dicom(pixels: np.ndarray, version: bytes = b"\0\1", **fields) -> bytes:
    """An uncompressed image of whole numbers."""
    file = pydicom.Dataset()
    file.file_meta = FileMetaDataset()
    file.file_meta.FileMetaInformationVersion = version
    file.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    file.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.7"
    file.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    *frames, file.Rows, file.Columns = pixels.shape
    if frames:
        file.NumberOfFrames = frames[0]
    file.SamplesPerPixel, file.PhotometricInterpretation = 1, "MONOCHROME2"
    file.BitsAllocated = file.BitsStored = 16
    file.HighBit, file.PixelRepresentation = 15, int(pixels.dtype.kind == "i")
    file.PixelData = pixels.tobytes()
    for name, value in fields.items():
        setattr(file, name, value)
    content = io.BytesIO()
    pydicom.dcmwrite(content, file, enforce_file_format=True)
    return content.getvalue()


def test_a_channel_is_transparency_only_where_the_file_says_so() -> None:
    pair = np.stack([np.full((6, 4), 200, np.uint8), np.zeros((6, 4), np.uint8)], axis=-1)
    plain = tiff(pair, photometric="minisblack", planarconfig="contig", extrasamples=["unspecified"])
    alpha = tiff(pair, photometric="minisblack", planarconfig="contig", extrasamples=["unassalpha"])
    with pytest.raises(OpenError, match=r"x: 2 channels, and the file does not say .* --channel"):
        decode(plain, channels=1, percentiles=None, name="x")
    first = decode(plain, channels=1, percentiles=None, channel=1)
    assert (first.min(), first.max()) == (np.float32(200 / 255), np.float32(200 / 255))
    assert decode(plain, channels=3, percentiles=None, channel=2).max() == 0
    assert decode(alpha, channels=1, percentiles=None).min() == 1  # nothing covers the white
    assert (read_raw(plain, name="x").channels, read_raw(alpha, name="x").channels) == (2, 1)
    with pytest.raises(CasebookError, match="x: it has 2 channels, and channel 3 is asked for"):
        decode(plain, channels=1, percentiles=None, channel=3, name="x")


def test_planes_are_named_and_counted_from_one() -> None:
    content = ome(STACK, "CZYX", PhysicalSizeX=0.5, PhysicalSizeXUnit="µm")
    with pytest.raises(OpenError, match=r"x: 3 planes along z, not one picture; .* --plane z=1 .* z=max"):
        read_raw(content, name="x")
    second = read_raw(content, name="x", plane={"z": 2})
    np.testing.assert_array_equal(second.array, np.moveaxis(STACK[:, 1], 0, -1))
    assert second.microns == 0.5
    np.testing.assert_array_equal(read_raw(content, name="x", plane={"z": "max"}).array[..., 0], STACK[0, 2])
    with pytest.raises(CasebookError, match="z=4, and there are 3 planes along z"):
        read_raw(content, name="x", plane={"z": 4})
    assert read_size(content, name="x") == (5, 4)


def test_pages_without_names_are_pages() -> None:
    content = tiff(STACK[0], photometric="minisblack")
    with pytest.raises(OpenError, match="3 planes along page"):
        read_raw(content, name="x")
    np.testing.assert_array_equal(read_raw(content, name="x", plane={"page": 3}).array[..., 0], STACK[0, 2])


def test_imagej_tells_the_size_of_a_pixel_and_plain_tiff_does_not() -> None:
    sized = tiff(STACK[0, 0], imagej=True, resolution=(4, 4), metadata={"unit": "um"})
    assert read_raw(sized, name="x").microns == 0.25
    assert read_raw(tiff(STACK[0, 0], resolution=(300, 300), resolutionunit="INCH"), name="x").microns is None


def test_dicom_in_its_modalitys_units() -> None:
    pixels = np.array([[0, 100], [1000, 2000]], np.int16)
    raw = read_raw(dicom(pixels, RescaleSlope=1, RescaleIntercept=-1024, PixelSpacing=[0.7, 0.7]), name="x")
    np.testing.assert_array_equal(raw.array[..., 0], pixels - 1024)
    assert (raw.dicom, raw.depth, raw.channels, raw.microns) == (True, "int16", 1, 700.0)
    dark = read_raw(dicom(pixels, PhotometricInterpretation="MONOCHROME1"), name="x")
    np.testing.assert_array_equal(dark.array[..., 0], 2000 - pixels)
    assert read_size(dicom(pixels.repeat(2, axis=1)), name="x") == (4, 2)
    frames = dicom(np.stack([pixels, pixels + 1]))
    with pytest.raises(OpenError, match="2 planes along page"):
        read_raw(frames, name="x")
    np.testing.assert_array_equal(read_raw(frames, name="x", plane={"page": 2}).array[..., 0], pixels + 1)
    with pytest.raises(CasebookError, match="x: damaged image"):
        read_raw(dicom(pixels)[:300], name="x")


def test_numbers_below_0_need_a_rule() -> None:
    content = tiff(np.array([[-1000, 0], [500, 3000]], np.int16))
    with pytest.raises(CasebookError, match=r"its numbers go below 0 \(-1000\); state prepare.percentiles"):
        decode(content, channels=1, percentiles=None, name="x")
    found = decode(content, channels=1, percentiles=None, levels=(-1000, 1000))
    assert found.ravel().tolist() == [0, 0.5, 0.75, 1]
    stretched = decode(content, channels=1, percentiles=(0, 100))
    np.testing.assert_allclose(stretched.ravel(), [0, 0.25, 0.375, 1], atol=1e-6)


def test_twelve_bits_in_sixteen_by_a_rule() -> None:
    content = tiff(np.array([[0, 1024], [2048, 4095]], np.uint16))
    found = decode(content, channels=1, percentiles=None, levels=(0, 4095))
    np.testing.assert_allclose(found.ravel(), [0, 1024 / 4095, 2048 / 4095, 1], atol=1e-6)

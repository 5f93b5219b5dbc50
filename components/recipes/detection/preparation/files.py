"""The image files of a folder, and how others name them."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from itertools import takewhile
from os.path import commonpath
from pathlib import Path, PurePosixPath
from unicodedata import normalize
from urllib.parse import parse_qs, unquote, urlsplit

from components.core.errors import CasebookError
from components.recipes.detection.encoding.raw import DICOM_SUFFIXES, SUFFIXES
from components.recipes.detection.preparation.told import Told

KNOWN = (*SUFFIXES, *DICOM_SUFFIXES)
Folder = tuple[str, ...]

# Folders that say of what kind a file is, not which one: images/train/1.png and labels/train/1.txt lie alike.
KINDS = frozenset(
    [
        "images",
        "image",
        "imgs",
        "img",
        "photos",
        "jpegimages",
        "annotations",
        "annotation",
        "ann",
        "boxes",
        "labels",
        "label",
        "xml",
        "json",
        "txt",
        "masks",
        "mask",
        "obj_train_data",
        "data",
    ]
)
# What services put before a name: Label Studio's eight digits (but a date), other digests and UUIDs.
HEX = r"[0-9a-f]"
PREFIX = re.compile(
    rf"^(?!(?:19|20)\d{{6}}[-_])(?:{HEX}{{8}}(?:(?:-{HEX}{{4}}){{3}}-{HEX}{{12}})?|{HEX}{{32}}|{HEX}{{40}})[-_](?=[^.])",
    re.IGNORECASE,
)


def image_files(folder: Path) -> dict[str, Path]:
    """Each image below `folder` by its path from there, in order; hidden files are none.

    Raises:
        CasebookError: no such folder, or no image in it.
    """
    if not folder.is_dir():
        raise CasebookError(f"{folder}: no such folder; prepare.images names the folder of the images")
    paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in KNOWN and path.is_file())
    found = {path.relative_to(folder).as_posix(): path for path in paths if not path.name.startswith(".")}
    if not found:
        raise CasebookError(f"{folder}: no image in it; {', '.join(KNOWN)} are taken")
    return found


class Places:
    """Where files lie, less the folders that only say of what kind they are."""

    def __init__(self, images: Path, annotations: Path) -> None:
        self.base = Path(commonpath([images, annotations if annotations.is_dir() else annotations.parent]))

    def of(self, path: Path) -> Folder:
        parts = path.parent.relative_to(self.base).parts
        return tuple(normalize("NFC", part) for part in parts if part.lower() not in KINDS)


class Names:
    """Finds the image that a list or an annotation means.

    They may write its path, with or without the suffix, or only its last part, or the path it had on
    another machine, an address, `%20` for a blank, or a name that a service has put a prefix before. Of
    several images of one name it is the one in the annotation's own folder. What fits several fits none.

    `places` says where each image lies and `folders` where annotations do: where they lie alike, an annotation means no
    image of another folder unless it names that. Nor does a path mean one where other paths `written` name folders.
    """

    def __init__(
        self,
        names: Iterable[str],
        *,
        places: dict[str, Folder] | None = None,
        folders: Iterable[Folder] = (),
        written: Iterable[str] = (),
        told: Told | None = None,
    ) -> None:
        self.names = {normalize("NFC", name): name for name in names}
        self.places = places or {}
        self.alike = bool({*self.places.values()} & {*folders} - {()})
        self.told = told
        self.ways: dict[str, dict[str, set[str]]] = {way: defaultdict(set) for way in WAYS}
        for shown, name in self.names.items():
            for way, (keys, _) in WAYS.items():
                for key in keys(PurePosixPath(shown)):
                    self.ways[way][key].add(name)
        paths = (path for one in written for _, path in _spellings(one))
        self.pathwise = any(_shared(name, path) for path in paths for name in self.ways[""].get(path.name, ()))

    def find(self, written: str, near: Folder | None = None, *, tell: bool = True) -> str | None:
        """The image's name; `near` is the annotation's folder."""
        for spelling, path in _spellings(written):
            for way in WAYS:
                if (name := self._one(way, path, near)) is not None:
                    elsewhere = "from another folder" if near and self.places.get(name) not in (near, ()) else ""
                    if tell and self.told is not None and (spelling or way or (elsewhere and not _shared(name, path))):
                        how = ", ".join(part for part in (spelling, way, elsewhere) if part)
                        kind = f"annotation(s) joined to the one image that fits ({how})"
                        self.told.add(kind, f"{written[-80:]!r} to {name!r}")
                    return name
        return None

    def _one(self, way: str, path: PurePosixPath, near: Folder | None) -> str | None:
        _, keys = WAYS[way]
        found = _closest({name for key in keys(path) for name in self.ways[way].get(key, ())}, path)
        named = any(_shared(name, path) for name in found)
        if self.pathwise and len(path.parts) > 1 and not named:
            return None
        if near is not None and not named:
            beside = {name for name in found if self.places.get(name) == near}
            if beside or (self.alike and near):
                found = beside
        if len(found) > 1 and path.as_posix() in self.names:
            return self.names[path.as_posix()]
        return next(iter(found)) if len(found) == 1 else None


Keys = Callable[[PurePosixPath], tuple[str, ...]]


def _own(path: PurePosixPath) -> tuple[str, ...]:
    return tuple(way for way in (path.name, path.stem) if way)


def _written(path: PurePosixPath) -> tuple[str, ...]:
    return (path.name,) if path.name else ()


def _folded(keys: Keys) -> Keys:
    return lambda path: tuple(key.casefold() for key in keys(path))


def _stem(path: PurePosixPath) -> tuple[str, ...]:
    return (path.stem.casefold(),) if path.suffix.lower() in FOREIGN else ()


def _own_or_unprefixed(path: PurePosixPath) -> tuple[str, ...]:
    keys = _folded(_own)(path)
    return (*(f"/{key}" for key in keys), *(PREFIX.sub("", key) for key in keys if PREFIX.search(key)))


def _unprefixed(path: PurePosixPath) -> tuple[str, ...]:
    """Of a name and an image one has the prefix: two that differ in it are two images."""
    keys = _folded(_written)(path)
    return (*keys, *(f"/{PREFIX.sub('', key)}" for key in keys if PREFIX.search(key)))


FOREIGN = (*SUFFIXES, ".webp", ".gif", ".heic", ".jp2", ".dcm", ".svs")  # converted since it was annotated
# Keys of an image and of a written name; they are tried in this order, and all but the first are told.
WAYS: dict[str, tuple[Keys, Keys]] = {
    "": (_own, _written),
    "capitals differ": (_folded(_own), _folded(_written)),
    "the suffix differs": (lambda path: (path.stem.casefold(),), _stem),
    "a service's prefix": (_own_or_unprefixed, _unprefixed),
}


def _spellings(written: str) -> Iterator[tuple[str, PurePosixPath]]:
    """How a name may be written, and what is told of it: as it is first."""
    plain = normalize("NFC", written.strip().replace("\\", "/"))
    if not plain or "\0" in plain:
        return
    yield "", PurePosixPath(plain)
    try:
        address = urlsplit(plain)
        stored = parse_qs(address.query).get("d", [])
    except ValueError:
        return
    for path in [*stored, address.path]:  # Label Studio's own address has the file after ?d=
        if path and path != plain:
            yield "an address", PurePosixPath(normalize("NFC", unquote(path)))
    if (unquoted := normalize("NFC", unquote(plain))) != plain:
        yield "%20 and the like", PurePosixPath(unquoted)


def _shared(name: str, path: PurePosixPath) -> int:
    """How many of the innermost folders of an image and of a written path are the same."""
    own, other = PurePosixPath(normalize("NFC", name)).parent.parts[::-1], path.parent.parts[::-1]
    return sum(1 for _ in takewhile(lambda two: two[0] == two[1], zip(own, other, strict=False)))


def _closest(names: set[str], path: PurePosixPath) -> set[str]:
    """Those whose folders are most like the written ones; without any such all of them."""
    if len(names) < 2:
        return names
    most = max(_shared(name, path) for name in names)
    return {name for name in names if _shared(name, path) == most}

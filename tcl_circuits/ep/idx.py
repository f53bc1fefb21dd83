"""IDX files, the format of MNIST and Fashion-MNIST: big-endian sizes, then one byte per pixel or label."""

from __future__ import annotations

import gzip
import math
import re
import struct
import zlib
from pathlib import Path
from typing import BinaryIO, Literal

import numpy as np
from numpy.typing import NDArray

from tcl_circuits.errors import InputError

Bytes = NDArray[np.uint8]
Kind = Literal["images", "labels"]

_MAGIC: dict[Kind, int] = {"images": 0x00000803, "labels": 0x00000801}
_DIMS: dict[Kind, int] = {"images": 3, "labels": 1}
_NAMES = {"train": "train", "t10k": "(?:t10k|test)"}
_GZIP = b"\x1f\x8b"
_PIECE = 1 << 24


def find_idx(folder: Path, part: Literal["train", "t10k"], kind: Kind) -> Path:
    """Find one of the four files of a data set; the plain file where there is a compressed one too.

    Parameters
    ----------
    folder : Path
        Directory to look in.
    part : {"train", "t10k"}
        Training or test set.
    kind : {"images", "labels"}
        What the file is to hold.

    Raises
    ------
    InputError
        If the folder is none, or the file is missing or one of several.
    """
    if not folder.is_dir():
        fault = "is a file, not a folder" if folder.exists() else "does not exist"
        raise InputError(f"{folder} {fault}; name the folder with the four IDX files of a data set")
    usual = f"{part}-{kind}-idx{_DIMS[kind]}-ubyte"
    pattern = re.compile(rf"(.*-)?{_NAMES[part]}-{kind}[-.]idx{_DIMS[kind]}-ubyte(\.gz)?")
    try:
        found = [path for path in sorted(folder.iterdir()) if pattern.fullmatch(path.name)]
    except OSError as failure:
        raise InputError(f"{folder} can't be read: {failure.strerror}") from None
    if not found:
        raise InputError(
            f"{folder} has no {usual} or {usual}.gz; put all four IDX files of the data set there"
        )
    if len({path.name.removesuffix(".gz") for path in found}) > 1:
        listed = ", ".join(path.name for path in found)
        raise InputError(
            f"{folder} has several files of {part} {kind} ({listed}); keep one data set a folder"
        )
    return found[0]


def read_idx(path: Path, kind: Kind) -> Bytes:
    """Read the images (count, height, width) or labels (count,) of an IDX file, plain or gzipped.

    Raises
    ------
    InputError
        If the file can't be read, is of the other kind or none, or is shorter or longer than it says.
    """
    try:
        with path.open("rb") as file:
            packed = file.read(2) == _GZIP
            file.seek(0)
            if not packed:
                return _content(file, path, kind)
            with gzip.open(file) as unpacked:
                return _content(unpacked, path, kind)  # type: ignore[arg-type]  # it reads like one
    except (EOFError, zlib.error, gzip.BadGzipFile) as failure:
        raise InputError(f"{path} is cut off or damaged ({failure}); download it again") from None
    except OSError as failure:
        raise InputError(f"{path} can't be read: {failure.strerror or failure}") from None


def _content(file: BinaryIO, path: Path, kind: Kind) -> Bytes:
    shape = _shape(file, path, kind)
    size = math.prod(shape)
    if size == 0:
        raise InputError(f"{path} holds no {kind}: its header says {_times(shape)}")
    content = _at_most(file, size + 1)
    if len(content) != size:
        much = "more" if len(content) > size else f"{len(content)}"
        raise InputError(
            f"{path} has {much} bytes after its header, which says {_times(shape)} = {size}; "
            "download it again"
        )
    return np.frombuffer(content, dtype=np.uint8).reshape(shape)


def _at_most(file: BinaryIO, count: int) -> bytes:
    """Read `count` bytes or what there is, in pieces: a false header can't ask for all the memory."""
    pieces, left = [], count
    while left and (piece := file.read(min(left, _PIECE))):
        pieces.append(piece)
        left -= len(piece)
    return b"".join(pieces)


def _shape(file: BinaryIO, path: Path, kind: Kind) -> tuple[int, ...]:
    """Sizes from the header."""
    dims = _DIMS[kind]
    head = file.read(4 + 4 * dims)
    magic = int.from_bytes(head[:4], "big") if len(head) >= 4 else None
    other: Kind = "labels" if kind == "images" else "images"
    if magic == _MAGIC[other]:
        raise InputError(f"{path} holds {other}, not {kind} (magic number {magic}); are two files swapped?")
    if magic != _MAGIC[kind]:
        found = "is empty" if not head else "is too short" if magic is None else f"begins with {magic}"
        raise InputError(f"{path} is no IDX file of {kind}: it {found}, and should begin with {_MAGIC[kind]}")
    if len(head) < 4 + 4 * dims:
        raise InputError(f"{path} ends within its header; download it again")
    return struct.unpack(f">{dims}I", head[4:])


def _times(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape))

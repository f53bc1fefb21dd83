"""Images with labels for the EP network: the paper's 12,000 from MNIST, IDX folders, 8x8 digits."""

from __future__ import annotations

from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tcl_circuits.arrays import IntArray
from tcl_circuits.ep.idx import Bytes, find_idx, read_idx
from tcl_circuits.errors import InputError, TclError

Pixels = NDArray[np.float32]

NAMES = ("mnist-12k", "digits")
"""Data sets that need no download."""

_TRAIN_IMAGES = 10_000  # of the 12,000, as in Fig. 3B
_TEST_DIGITS = 397  # leaves 1,400 of the 1,797 to train on


@dataclass(frozen=True, eq=False)
class Digits:
    """Images to learn and images to be tested with; arrays can't be written to.

    Parameters
    ----------
    train_x, test_x : ndarray of shape (images, pixels)
        Pixels from 0 to 1, float32.
    train_y, test_y : ndarray of shape (images,)
        Class of each image, from 0.
    name : str
        What the data set is called.
    image_shape : (int, int), optional
        Height and width of an image; None where pixels are no image.
    classes : int
        How many classes there are.

    Raises
    ------
    InputError
        If the arrays don't fit together, or a pixel or label is out of range.
    """

    train_x: Pixels
    train_y: IntArray
    test_x: Pixels
    test_y: IntArray
    name: str
    image_shape: tuple[int, int] | None = None
    classes: int = 10

    def __post_init__(self) -> None:
        for part in ("train", "test"):
            x = np.asarray(getattr(self, f"{part}_x"), dtype=np.float32)
            y = _labels(f"{self.name}, {part} labels", getattr(self, f"{part}_y"), self.classes)
            _check_images(f"{self.name}, {part} images", x, len(y))
            for name, array in ((f"{part}_x", x), (f"{part}_y", y)):
                object.__setattr__(self, name, _frozen(array))
        pixels, tested = self.train_x.shape[1], self.test_x.shape[1]
        if pixels != tested:
            raise InputError(f"{self.name}: training images have {pixels} pixels, test images {tested}")
        if self.image_shape is not None and self.image_shape[0] * self.image_shape[1] != pixels:
            raise InputError(f"{self.name}: images of {pixels} pixels are not {self.image_shape} in shape")

    @property
    def pixels(self) -> int:
        """Pixels of an image."""
        return int(self.train_x.shape[1])

    def first(self, train: int, test: int) -> Digits:
        """Return the first images of each part: `train` to learn, `test` to be tested with."""
        return replace(
            self,
            train_x=self.train_x[:train],
            train_y=self.train_y[:train],
            test_x=self.test_x[:test],
            test_y=self.test_y[:test],
        )


def load(name_or_path: str | Path, seed: int = 0, classes: int = 10) -> Digits:
    """Load a data set by name, or from a folder with IDX files.

    Parameters
    ----------
    name_or_path : str or Path
        One of :data:`NAMES`, or a folder.
    seed : int
        Seed of the split, where the data set has none of its own (``digits``).
    classes : int
        How many classes the labels of a folder have.

    Raises
    ------
    InputError
        If there is neither such a data set nor such a folder, or its files can't be used.
    """
    if name_or_path == "mnist-12k":
        return mnist_12k()
    if name_or_path == "digits":
        return digits_8x8(seed)
    folder = Path(name_or_path)
    if not folder.exists():
        raise InputError(
            f"there is no data set and no folder {str(name_or_path)!r}; "
            f"use {', '.join(NAMES)} or a folder with IDX files"
        )
    return idx_folder(folder, classes)


def mnist_12k() -> Digits:
    """Load the images of Fig. 3B, which come with the package.

    They are the first 12,000 of MNIST's training file: 10,000 to train on, then 2,000 to test with; 28 x 28
    pixels, divided by 256 as in the published code. MNIST is by Yann LeCun and Corinna Cortes, CC BY-SA 3.0.

    Raises
    ------
    TclError
        If the package is damaged.
    """
    file = files("tcl_circuits.ep") / "mnist" / "mnist_12k.npz"
    try:
        with file.open("rb") as stream, np.load(stream, allow_pickle=False) as arrays:
            images, labels = arrays["images"], arrays["labels"]
    except Exception as failure:  # zipfile and NumPy raise nearly anything at a damaged file
        raise TclError(f"{file} can't be read ({failure}); install tcl-circuits again") from failure
    n = _TRAIN_IMAGES
    return _from_bytes("mnist-12k", (images[:n], labels[:n]), (images[n:], labels[n:]), 10)


def idx_folder(path: str | Path, classes: int = 10) -> Digits:
    """Load a folder with the four IDX files of MNIST, Fashion-MNIST or a set like them, plain or gzipped.

    The files are ``train-images-idx3-ubyte``, ``train-labels-idx1-ubyte`` and the same with ``t10k``;
    a prefix (``emnist-digits-train-...``), ``test`` for ``t10k`` and ``.gz`` at the end are fine. Pixels are
    divided by 256.

    Parameters
    ----------
    path : str or Path
        The folder.
    classes : int
        How many classes there are; labels run from 0 to one less.

    Raises
    ------
    InputError
        If a file is missing, cut off, swapped with another or of another format, if images and labels
        differ in number, training and test images in size, or if a label is out of range.
    """
    folder = Path(path)
    if classes < 2:
        raise InputError(f"classes = {classes} must be at least 2")
    # Every file is found before one is read: a missing one shows at once.
    paths = [
        (find_idx(folder, part, "images"), find_idx(folder, part, "labels")) for part in ("train", "t10k")
    ]
    train, test = (_pair(images, labels, classes) for images, labels in paths)
    if train[0].shape[1:] != test[0].shape[1:]:
        sizes = " and ".join("{} x {}".format(*part[0].shape[1:]) for part in (train, test))
        raise InputError(f"{folder}: training and test images are {sizes} pixels; give both one size")
    return _from_bytes(folder.resolve().name, train, test, classes)


def digits_8x8(seed: int = 0) -> Digits:
    """Load scikit-learn's 1,797 digits of 8 x 8 pixels: 1,400 to train on, 397 to test with.

    Their pixels run from 0 to 16 and are divided by 16.

    Parameters
    ----------
    seed : int
        Seed of the split, which keeps the shares of the classes.
    """
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    images, labels = load_digits(return_X_y=True)
    pixels = (images / 16).astype(np.float32)
    train_x, test_x, train_y, test_y = train_test_split(
        pixels, labels, test_size=_TEST_DIGITS, stratify=labels, random_state=seed
    )
    return Digits(train_x, train_y, test_x, test_y, "digits", (8, 8))


def _pair(images_path: Path, labels_path: Path, classes: int) -> tuple[Bytes, Bytes]:
    """Read images and their labels."""
    images, labels = read_idx(images_path, "images"), read_idx(labels_path, "labels")
    if len(images) != len(labels):
        raise InputError(
            f"{images_path} holds {len(images)} images, {labels_path.name} {len(labels)} labels; "
            "do they belong together?"
        )
    _labels(str(labels_path), labels, classes)
    return images, labels


def _from_bytes(name: str, train: tuple[Bytes, Bytes], test: tuple[Bytes, Bytes], classes: int) -> Digits:
    height, width = train[0].shape[1:]
    (train_x, train_y), (test_x, test_y) = ((_pixels(images), labels) for images, labels in (train, test))
    return Digits(train_x, train_y, test_x, test_y, name, (height, width), classes)  # type: ignore[arg-type]


def _pixels(images: Bytes) -> Pixels:
    """Bytes as numbers, a row per image; division by a power of two is exact."""
    pixels = images.reshape(len(images), -1).astype(np.float32)
    pixels *= np.float32(1 / 256)
    return pixels


def _labels(place: str, values: NDArray[np.integer] | IntArray, classes: int) -> IntArray:
    """Labels as integers, or InputError for one out of range."""
    labels = np.asarray(values)
    if labels.ndim != 1 or labels.dtype.kind not in "iu":
        raise InputError(f"{place} must be one row of whole numbers, not {labels.dtype} {labels.shape}")
    wrong = np.flatnonzero((labels < 0) | (labels >= classes))
    if wrong.size:
        more = f" (and {wrong.size - 1} more)" * (wrong.size > 1)
        raise InputError(
            f"{place}: label {labels[wrong[0]]} of image {wrong[0]}{more} is out of range 0 to "
            f"{classes - 1}; correct it, or say how many classes there are (--classes)"
        )
    return labels.astype(np.int64)


def _check_images(place: str, x: Pixels, labels: int) -> None:
    if x.ndim != 2 or 0 in x.shape:
        raise InputError(f"{place} must be of shape (images, pixels), not {x.shape}")
    if len(x) != labels:
        raise InputError(f"{place}: {len(x)} images with {labels} labels")
    low, high = float(x.min()), float(x.max())
    if not (low >= 0 and high <= 1):  # NaN is refused too
        raise InputError(f"{place}: pixels go from {low:g} to {high:g}; scale them to 0 to 1")


def _frozen(array: NDArray[np.generic]) -> NDArray[np.generic]:
    """The array, a view of which can't be written to."""
    view = array.view()
    view.flags.writeable = False
    return view

"""Data sets: what comes with the package, IDX folders of any make, and every way to be wrong."""

from __future__ import annotations

import gzip
import hashlib
import struct
import zipfile
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tcl_circuits.ep import data
from tcl_circuits.errors import InputError

NAMES = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)
IMAGES, LABELS, TEST_IMAGES, TEST_LABELS = NAMES


def idx(array: NDArray[Any]) -> bytes:
    """An array as an IDX file of bytes."""
    return (
        struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape) + array.astype(np.uint8).tobytes()
    )


def parts(train: int = 30, test: int = 12, size: tuple[int, int] = (28, 28)) -> dict[str, bytes]:
    """The four files of a small data set, by name."""
    draw = np.random.default_rng(0)
    content = {}
    for name, count in (("train", train), ("t10k", test)):
        content[f"{name}-images-idx3-ubyte"] = idx(draw.integers(0, 256, (count, *size)))
        content[f"{name}-labels-idx1-ubyte"] = idx(np.arange(count) % 10)
    return content


def folder(path: Path, content: dict[str, bytes], packed: bool = False) -> Path:
    for name, whole in content.items():
        if packed:
            (path / f"{name}.gz").write_bytes(gzip.compress(whole))
        else:
            (path / name).write_bytes(whole)
    return path


def fault(path: Path) -> str:
    """The one line in which a folder is refused; its faulty file is named."""
    with pytest.raises(InputError) as error:
        data.idx_folder(path)
    assert str(path) in str(error.value)
    assert "\n" not in str(error.value)
    return str(error.value)


@pytest.fixture(scope="module")
def digits() -> data.Digits:
    return data.mnist_12k()


class TestMnist12k:
    def test_it_is_the_papers_split(self, digits: data.Digits) -> None:
        assert (digits.train_x.shape, digits.test_x.shape) == ((10_000, 784), (2_000, 784))
        assert (digits.name, digits.image_shape, digits.classes) == ("mnist-12k", (28, 28), 10)
        assert digits.train_y[:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
        assert np.bincount(digits.train_y).tolist() == [1001, 1127, 991, 1032, 980, 863, 1014, 1070, 944, 978]

    def test_pixels_are_mnists_over_256(self, digits: data.Digits) -> None:
        assert digits.train_x.dtype == np.float32
        assert digits.train_x.max() == 255 / 256
        whole = np.concatenate([digits.train_x, digits.test_x]) * 256
        assert hashlib.sha256(whole.astype(np.uint8).tobytes()).hexdigest() == MNIST_12K

    def test_arrays_can_not_be_written_to(self, digits: data.Digits) -> None:
        with pytest.raises(ValueError, match="read-only"):
            digits.train_x[0, 0] = 1
        with pytest.raises(ValueError, match="read-only"):
            digits.test_y[0] = 1

    def test_small_with_its_licence_and_without_pickle(self) -> None:
        room = files("tcl_circuits.ep") / "mnist"
        assert len((room / "mnist_12k.npz").read_bytes()) < 2_000_000
        text = (room / "ATTRIBUTION.md").read_text()
        for words in ("Yann LeCun", "Corinna Cortes", "CC BY-SA 3.0"):
            assert words in text
        with (room / "mnist_12k.npz").open("rb") as stream, zipfile.ZipFile(stream) as archive:
            for name in archive.namelist():
                assert b"'descr': '|u1'" in archive.read(name)[:128]

    def test_first(self, digits: data.Digits) -> None:
        few = digits.first(30, 20)
        assert (len(few.train_x), len(few.train_y), len(few.test_x), len(few.test_y)) == (30, 30, 20, 20)
        assert np.array_equal(few.train_x, digits.train_x[:30])
        assert few.image_shape == (28, 28)


class TestDigits8x8:
    def test_split(self) -> None:
        digits = data.digits_8x8(seed=0)
        assert (digits.train_x.shape, digits.test_x.shape) == ((1400, 64), (397, 64))
        assert (digits.train_x.max(), digits.classes, digits.image_shape) == (1.0, 10, (8, 8))
        assert np.bincount(digits.test_y).min() >= 38

    def test_the_seed_draws_the_split(self) -> None:
        first, again, other = (data.digits_8x8(seed) for seed in (1, 1, 2))
        assert np.array_equal(first.test_x, again.test_x)
        assert not np.array_equal(first.test_x, other.test_x)


class TestIdxFolder:
    @pytest.mark.parametrize("packed", [False, True])
    def test_plain_or_packed(self, tmp_path: Path, packed: bool) -> None:
        content = parts(size=(5, 7))
        digits = data.load(folder(tmp_path, content, packed))
        assert (digits.train_x.shape, digits.test_x.shape) == ((30, 35), (12, 35))
        assert (digits.name, digits.image_shape) == (tmp_path.name, (5, 7))
        pixels = np.frombuffer(content[TEST_IMAGES][16:], dtype=np.uint8).reshape(12, 35)
        assert np.array_equal(digits.test_x, pixels / 256)
        assert digits.test_y.tolist() == [*range(10), 0, 1]

    def test_fashion_mnist_as_it_is_downloaded_and_unpacked(self, tmp_path: Path) -> None:
        """Its names are MNIST's; what unpacks them keeps the packed ones beside: one data set, not two."""
        content = parts()
        path = tmp_path / "FashionMNIST" / "raw"
        path.mkdir(parents=True)
        folder(path, content, packed=True)
        packed = data.idx_folder(path)
        folder(path, content)
        for digits in (packed, data.load(path)):
            assert digits.train_x.shape == (30, 784)
            assert digits.test_y.tolist() == [*range(10), 0, 1]

    @pytest.mark.parametrize("form", ["{}", "emnist-digits-{}.gz", "{}.gz"])
    def test_names_of_other_makes(self, tmp_path: Path, form: str) -> None:
        for name, whole in parts().items():
            other = form.format(name.replace("-idx", ".idx").replace("t10k", "test"))
            # What a browser unpacked keeps its name, what it packed does too.
            (tmp_path / other).write_bytes(whole if "emnist" in form else gzip.compress(whole))
        assert data.idx_folder(tmp_path).train_x.shape == (30, 784)

    def test_more_classes(self, tmp_path: Path) -> None:
        path = folder(tmp_path, {**parts(), LABELS: idx(np.arange(30))})
        assert data.idx_folder(path, classes=47).classes == 47
        assert data.load(path, classes=30).train_y.max() == 29

    @pytest.mark.parametrize("name", NAMES)
    def test_missing(self, tmp_path: Path, name: str) -> None:
        content = parts()
        del content[name]
        assert f"has no {name} or {name}.gz" in fault(folder(tmp_path, content))

    def test_no_folder(self, tmp_path: Path) -> None:
        assert "does not exist" in fault(tmp_path / "nowhere")
        (tmp_path / "file").write_text("")
        assert "is a file, not a folder" in fault(tmp_path / "file")

    def test_two_data_sets_in_one_folder(self, tmp_path: Path) -> None:
        path = folder(tmp_path, parts())
        (path / "emnist-train-images-idx3-ubyte").write_bytes(b"")
        assert "several files of train images" in fault(path)

    @pytest.mark.parametrize("packed", [False, True])
    @pytest.mark.parametrize("name", NAMES)
    @pytest.mark.parametrize("length", [0, 3, 6, -1, -9])
    def test_truncated(self, tmp_path: Path, name: str, length: int, packed: bool) -> None:
        content = parts()
        content[name] = content[name][:length]
        said = fault(folder(tmp_path, content, packed))
        assert name in said
        assert (
            "empty" in said
            or "too short" in said
            or "ends within" in said
            or "bytes after its header" in said
        )

    @pytest.mark.parametrize("name", NAMES)
    def test_truncated_when_packed(self, tmp_path: Path, name: str) -> None:
        path = folder(tmp_path, parts(), packed=True)
        packed = (path / f"{name}.gz").read_bytes()
        for length in (12, len(packed) // 2, len(packed) - 3):
            (path / f"{name}.gz").write_bytes(packed[:length])
            said = fault(path)
            assert f"{name}.gz is cut off or damaged" in said or f"{name}.gz is no IDX" in said

    def test_damaged_when_packed(self, tmp_path: Path) -> None:
        path = folder(tmp_path, parts(), packed=True)
        packed = bytearray((path / f"{IMAGES}.gz").read_bytes())
        packed[len(packed) // 2] ^= 0xFF
        (path / f"{IMAGES}.gz").write_bytes(packed)
        assert "is cut off or damaged" in fault(path)

    def test_longer_than_its_header_says(self, tmp_path: Path) -> None:
        content = parts()
        assert "has more bytes after" in fault(folder(tmp_path, {**content, IMAGES: content[IMAGES] + b"\0"}))

    def test_a_header_that_claims_the_sky(self, tmp_path: Path) -> None:
        huge = struct.pack(">4I", 0x803, 2**32 - 1, 2**32 - 1, 2**32 - 1) + b"\0" * 100
        assert "has 100 bytes after its header" in fault(folder(tmp_path, {**parts(), IMAGES: huge}))

    def test_swapped(self, tmp_path: Path) -> None:
        content = parts()
        content[IMAGES], content[LABELS] = content[LABELS], content[IMAGES]
        assert f"{IMAGES} holds labels, not images" in fault(folder(tmp_path, content))
        content = parts()
        content[TEST_LABELS] = content[TEST_IMAGES]
        assert f"{TEST_LABELS} holds images, not labels" in fault(folder(tmp_path, content))

    def test_train_and_test_swapped(self, tmp_path: Path) -> None:
        content = parts()
        content[LABELS], content[TEST_LABELS] = content[TEST_LABELS], content[LABELS]
        said = fault(folder(tmp_path, content))
        assert "holds 30 images, train-labels-idx1-ubyte 12 labels" in said

    @pytest.mark.parametrize("label", [10, 255])
    @pytest.mark.parametrize("name", [LABELS, TEST_LABELS])
    def test_label_out_of_range(self, tmp_path: Path, name: str, label: int) -> None:
        content = parts()
        whole = bytearray(content[name])
        whole[8 + 7] = label
        said = fault(folder(tmp_path, {**content, name: bytes(whole)}))
        assert f"{name}: label {label} of image 7 is out of range 0 to 9" in said

    def test_wrong_image_size(self, tmp_path: Path) -> None:
        path = folder(tmp_path, {**parts(), TEST_IMAGES: parts(size=(14, 14))[TEST_IMAGES]})
        assert "training and test images are 28 x 28 and 14 x 14 pixels" in fault(path)

    def test_no_images(self, tmp_path: Path) -> None:
        empty = {IMAGES: idx(np.zeros((0, 28, 28))), LABELS: idx(np.zeros(0))}
        assert "holds no images: its header says 0 x 28 x 28" in fault(folder(tmp_path, {**parts(), **empty}))

    def test_another_format(self, tmp_path: Path) -> None:
        path = folder(tmp_path, {**parts(), IMAGES: b"\x89PNG\r\n\x1a\n" + b"\0" * 50})
        assert "is no IDX file of images: it begins with 2303741511" in fault(path)


def test_names() -> None:
    assert [data.load(name).name for name in data.NAMES] == list(data.NAMES)
    with pytest.raises(InputError, match=r"no folder 'mnist13k'; use mnist-12k, digits or a folder"):
        data.load("mnist13k")


class TestDigits:
    X, Y = np.full((4, 6), 0.5), np.array([0, 1, 2, 3])

    def test_arrays_become_float32_and_integers(self) -> None:
        digits = data.Digits(self.X, self.Y.astype(np.uint8), self.X, self.Y, "mine")
        assert (str(digits.train_x.dtype), str(digits.train_y.dtype)) == ("float32", "int64")
        assert digits.pixels == 6

    @pytest.mark.parametrize(
        ("changes", "said"),
        [
            ({"train_x": X * np.nan}, "train images: pixels go from nan to nan"),
            ({"test_x": X * 255}, "test images: pixels go from 127.5 to 127.5; scale them to 0 to 1"),
            ({"train_x": X[:3]}, "3 images with 4 labels"),
            ({"test_x": X[:, :5]}, "training images have 6 pixels, test images 5"),
            ({"train_x": X.reshape(4, 2, 3)}, "shape"),
            ({"train_y": Y - 1}, "label -1 of image 0 is out of range 0 to 9"),
            ({"train_y": Y / 2}, "whole numbers"),
            ({"test_y": Y + 8}, "test labels: label 10 of image 2 (and 1 more) is out of range"),
            ({"image_shape": (2, 2)}, "images of 6 pixels are not (2, 2)"),
        ],
    )
    def test_refused(self, changes: dict[str, Any], said: str) -> None:
        whole = {"train_x": self.X, "train_y": self.Y, "test_x": self.X, "test_y": self.Y, "name": "mine"}
        with pytest.raises(InputError) as error:
            data.Digits(**{**whole, **changes})
        assert said in str(error.value)


MNIST_12K = "f4a0e5dc2ae49490a67998ae36b95959935eacc6cb14eabc4cd73ed4ae0e493f"

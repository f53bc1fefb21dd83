"""Patterns stored and recalled: what is stored is a fixed point, what is damaged goes there."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from tcl_circuits import ep
from tcl_circuits.ep.patterns import recall, store
from tcl_circuits.errors import InputError

Images = NDArray[np.float32]
SETTINGS = replace(ep.Settings(), rates=(0.02, 0.02))


def noise(images: Images, rng: np.random.Generator) -> Images:
    return np.where(rng.random(images.shape) < 0.3, rng.random(images.shape), images).astype(np.float32)


@pytest.fixture(scope="module")
def patterns() -> Images:
    """Three digits of 8 x 8 pixels."""
    digits = ep.data.digits_8x8()
    return digits.train_x[[np.flatnonzero(digits.train_y == c)[0] for c in range(3)]]


@pytest.fixture(scope="module")
def memory(patterns: Images) -> ep.Network:
    start = ep.Network.create((64, 40, 64))
    return store(start, patterns, noise, 300, "contrast", SETTINGS)


def test_what_is_stored_comes_back(memory: ep.Network, patterns: Images) -> None:
    found = recall(memory, patterns)
    assert np.abs(found - patterns).mean() < 0.02
    assert recall(memory, found) == pytest.approx(found, abs=0.02), "a fixed point"


def test_what_is_damaged_comes_back(memory: ep.Network, patterns: Images) -> None:
    cues = noise(np.repeat(patterns, 10, axis=0), np.random.default_rng(5))
    wanted = np.repeat(patterns, 10, axis=0)
    assert np.abs(cues - wanted).mean() > 0.1
    assert np.median(np.abs(recall(memory, cues) - wanted).mean(axis=1)) < 0.02


def test_the_seed_decides(patterns: Images) -> None:
    start = ep.Network.create((64, 10, 64))
    first, again, other = (store(start, patterns, noise, 5, settings=SETTINGS, seed=k) for k in (1, 1, 2))
    assert np.array_equal(first.weights[0], again.weights[0])
    assert not np.array_equal(first.weights[0], other.weights[0])


@pytest.mark.parametrize("sizes", [(64, 10, 63), (63, 10, 64), (64, 10, 10)])
def test_other_patterns(patterns: Images, sizes: tuple[int, ...]) -> None:
    network = ep.Network.create(sizes)
    said = r"patterns of shape \(3, 64\) do not fit a network with .* both must be as many"
    with pytest.raises(InputError, match=said):
        store(network, patterns, noise, 1)
    with pytest.raises(InputError, match=said):
        recall(network, patterns)


def test_no_round(memory: ep.Network, patterns: Images) -> None:
    with pytest.raises(InputError, match="rounds = 0 must be at least 1"):
        recall(memory, patterns, rounds=0)

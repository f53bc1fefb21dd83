"""Digits stored in an EP network by the temporal rule, and recalled from noise and from halves."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

import tcl_circuits as tcl
from tcl_circuits import ep
from tcl_circuits.ep.patterns import recall, store
from tcl_circuits.figures.ep import draw_recall, save

Images = NDArray[np.float32]
digits = ep.data.mnist_12k()
patterns = digits.train_x[[np.flatnonzero(digits.train_y == c)[0] for c in range(10)]]  # one of each class


def noise(images: Images, rng: np.random.Generator, share: float = 0.5) -> Images:
    """Replace a share of the pixels by random ones."""
    return np.where(rng.random(images.shape) < share, rng.random(images.shape), images).astype(np.float32)


def half(images: Images, rng: np.random.Generator) -> Images:
    """Hide half of each image: left, right, above or below."""
    squares = images.reshape(-1, 28, 28).copy()
    for square in squares:
        np.rot90(square, int(rng.integers(4)))[:14] = 0
    return squares.reshape(images.shape)


def damage(images: Images, rng: np.random.Generator) -> Images:
    """One or the other."""
    return np.where(rng.random((len(images), 1)) < 0.5, noise(images, rng), half(images, rng))


def settings(ratio: float) -> ep.Settings:
    """Those of the published run, but for the sawtooth's ratio tau_s/tau_f, and rates and thresholds."""
    saw = tcl.Sawtooth(tau_f=0.1, tau_s=0.1 * ratio)
    # The release of the largest contrasts, about 0.1, must stay below the threshold: theta ~ 1/tau_s.
    theta = 1e-3 / ratio
    return replace(
        ep.Settings(),
        saw=saw,
        samples=round(100 * saw.period),
        rates=(0.007, 0.007),
        weight_thresholds=(theta, theta),
        bias_thresholds=(3 * theta, 3 * theta),
    )


def wrong(found: Images) -> NDArray[np.float32]:
    """Pixels that differ from the stored ones, as a share of the ink."""
    return np.abs(found - patterns).sum(axis=1) / patterns.sum(axis=1)  # type: ignore[no-any-return]


rng = np.random.default_rng(1)
cues = {
    "30 % noise": noise(patterns, rng, 0.3),
    "50 % noise": noise(patterns, rng, 0.5),
    "70 % noise": noise(patterns, rng, 0.7),
    "half": half(patterns, rng),
}
print(
    f"{len(patterns)} digits stored in a network 784-100-784; recalled: with less than 20 % of its ink wrong"
)
for rule, ratio in ("tcl", 99), ("tcl", 9), ("contrast", 99):
    network = store(
        ep.Network.create((784, 100, 784), seed=0), patterns, damage, 300, rule, settings(ratio), copies=2
    )
    print(f"rule {rule}" + f", tau_s/tau_f = {ratio}" * (rule == "tcl"))
    for name, cue in cues.items():
        error = wrong(recall(network, cue))
        print(
            f"  from {name:10}: {np.sum(error < 0.2):2d} of {len(patterns)} recalled, "
            f"ink wrong {np.mean(wrong(cue)):.0%} -> {np.median(error):.1%}"
        )
    if (rule, ratio) == ("tcl", 99):
        rows = [("stored", patterns)]
        for name in ("50 % noise", "half"):
            rows += [(name, cues[name]), ("recalled", recall(network, cues[name]))]
        save(draw_recall(rows, (28, 28), "Ten digits in one network"), "store_patterns.png")
        # A network that copied its input would copy these too.
        strangers = digits.test_x[:100]
        near = np.abs(recall(network, strangers)[:, None] - patterns).sum(axis=2) / patterns.sum(axis=1)
        print(f"  digits never stored: {np.sum(near.min(axis=1) < 0.2)} of 100 end in a stored one")
print("picture: store_patterns.png")

"""``tcl-circuits ep``: the EP network of Fig. 3 on images, trained, with everything that a run leaves."""

from __future__ import annotations

import resource
import sys
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from tcl_circuits import ep
from tcl_circuits.commands.output import claim, number, resumable, write_csv, write_json
from tcl_circuits.ep.data import Digits
from tcl_circuits.ep.probe import probe_synapse
from tcl_circuits.ep.run import Progress
from tcl_circuits.errors import InputError
from tcl_circuits.figures.ep import draw_errors, draw_features, draw_synapse, save
from tcl_circuits.files import replacing

_STATE_BYTES = 3
"""Checkpoint, the next one beside it, and the rest, in sizes of a checkpoint."""


@dataclass(frozen=True)
class EpRequest:
    """What to train, how, and where to leave it; fields are the options of the command line."""

    rule: str = "tcl"
    hidden: tuple[int, ...] = (500,)
    epochs: int = 35
    seed: int = 0
    data: str = "mnist-12k"
    classes: int = 10
    preset: str | None = None
    compiled: bool | None = None
    out: Path | None = None
    resume: bool = False
    force: bool = False

    def __post_init__(self) -> None:
        if self.epochs < 1:
            raise InputError(f"--epochs {self.epochs} must be at least 1")

    @property
    def settings(self) -> str:
        """Name of the settings: those of Fig. 3, or those for the data if they have their own."""
        return self.preset or ("digits" if self.data == "digits" else "published")

    @property
    def place(self) -> Path:
        """Directory of the run."""
        label = f"ep-{Path(self.data).name}-{self.rule}-{self.settings}-seed{self.seed}"
        return self.out or Path("runs") / label


@dataclass(frozen=True)
class EpResult:
    """What a run came to: its directory, its summary, and its history."""

    out: Path
    summary: Mapping[str, Any]
    history: pd.DataFrame


def train_ep(
    request: EpRequest,
    notify: Callable[[str], None] = print,
    progress: Callable[[Progress], None] | None = None,
    data: Digits | None = None,
) -> EpResult:
    """Train, and leave summary.json, history.csv, weights.npz, checkpoint.npz and pictures.

    Parameters
    ----------
    request : EpRequest
        What the user asked for.
    notify : callable
        Told a line where the user should know something at once.
    progress : callable, optional
        Told of each batch.
    data : Digits, optional
        The request's data, if they are loaded already.

    Raises
    ------
    InputError
        Before anything runs, if the request can't be fulfilled.
    TclError
        If training fails; the checkpoint holds what was reached.
    KeyboardInterrupt
        As it comes; with a line for the user once a checkpoint is written.
    """
    start = time.monotonic()
    # A run that diverges ends in an error of its own; NumPy's remarks on the way there help no one.
    with np.errstate(over="ignore", invalid="ignore"), _told(notify):
        data = data or ep.data.load(request.data, request.seed, request.classes)
        network = ep.Network.create([data.pixels, *request.hidden, data.classes], request.seed)
        trainer = ep.Trainer(network, request.rule, request.settings, request.seed, request.compiled)
        out, needed = request.place, _bytes_needed(network, data)
        checkpoint = out / "checkpoint.npz"
        with claim(out, request.force, request.resume, needed), resumable(checkpoint):
            history = trainer.fit(data, request.epochs, checkpoint, request.resume, progress)
            _write_weights(trainer.network, out / "weights.npz")
            write_csv(out / "history.csv", history)
            summary = _summary(request, data, trainer, history, time.monotonic() - start)
            _draw(out, network, trainer, data, history)
            write_json(out / "summary.json", summary)
    return EpResult(out, summary, history)


@contextmanager
def _told(notify: Callable[[str], None]) -> Iterator[None]:
    """Hand the package's warnings to the user as lines."""
    with warnings.catch_warnings():
        warnings.simplefilter("always", UserWarning)
        show = warnings.showwarning

        def tell(message: Warning | str, category: type[Warning], *rest: Any, **named: Any) -> None:
            if issubclass(category, UserWarning):
                notify(f"warning: {message}")
            else:
                show(message, category, *rest, **named)

        warnings.showwarning = tell
        yield


def _bytes_needed(network: ep.Network, data: Digits) -> int:
    """Room on the disk for a run's files."""
    nodes, images = sum(network.sizes[1:]), len(data.train_x) + len(data.test_x)
    parameters = sum(array.size for array in (*network.weights, *network.biases))
    return 20_000_000 + _STATE_BYTES * network.dtype.itemsize * (images * nodes + parameters)


def _write_weights(network: ep.Network, path: Path) -> None:
    """Write W1, W2, ... (nodes, nodes of the next layer) and b1, b2, ... whole or not at all."""
    arrays = {
        f"{name}{n}": array
        for name, layers in (("W", network.weights), ("b", network.biases))
        for n, array in enumerate(layers, 1)
    }
    with replacing(path) as file:
        np.savez(file, **arrays)  # type: ignore[arg-type]


def _summary(
    request: EpRequest, data: Digits, trainer: ep.Trainer, history: pd.DataFrame, wall: float
) -> dict[str, Any]:
    last = history.iloc[-1]
    epochs, cpu = len(history), float(history["cpu_s"].sum())
    return {
        "rule": request.rule,
        "preset": request.settings,
        "settings": trainer.settings.describe(),
        "compiled": trainer.compiled,
        "seed": request.seed,
        "data": data.name,
        "train_images": len(data.train_x),
        "test_images": len(data.test_x),
        "sizes": list(trainer.network.sizes),
        "epochs": epochs,
        "train_error": float(last["train_error"]),
        "test_error": number(last["test_error"]),
        "test_error_cold": _cold_error(trainer.network, data),
        "cpu_s": cpu,
        "wall_s": wall,
        "images_per_s": epochs * len(data.train_x) / cpu if cpu > 0 else None,
        "peak_memory_bytes": 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
        "versions": _versions(),
    }


def _cold_error(network: ep.Network, data: Digits) -> float | None:
    """Test error [percent] of the weights alone: of states that relax from 0, as in ``network.predict``."""
    return number(100 * np.mean(network.predict(data.test_x) != data.test_y)) if len(data.test_x) else None


def _versions() -> dict[str, str | None]:
    found: dict[str, str | None] = {
        "tcl_circuits": version("tcl-circuits"),
        "python": sys.version.split()[0],
    }
    for name in ("numpy", "scipy", "numba"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = None
    return found


def _draw(out: Path, start: ep.Network, trainer: ep.Trainer, data: Digits, history: pd.DataFrame) -> None:
    """Leave the pictures: errors, what hidden units look for, and for the temporal rule one synapse."""
    what = f"{data.name}, {'-'.join(map(str, start.sizes))}, rule {trainer.rule}"
    save(draw_errors(history, what), out / "errors.png")
    if data.image_shape is not None:
        change = trainer.network.weights[0] - start.weights[0]
        save(draw_features(change, data.image_shape, "What hidden units look for"), out / "features.png")
    if trainer.rule == "tcl":
        cycle = probe_synapse(start, data, trainer.settings)
        title = f"Synapse from pixel {cycle.source} to hidden unit {cycle.target}, first batch"
        period = trainer.settings.saw.period
        start_of_ramp, end_of_ramp = (time / period for time in trainer.settings.saw.fast_ramp)
        picture = draw_synapse(
            cycle.time / period, cycle.signal, cycle.u, cycle.theta, (start_of_ramp, end_of_ramp), title
        )
        save(picture, out / "synapse.png")

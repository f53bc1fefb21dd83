"""Fig. 3B: the EP network's errors over the epochs; read from a run of ``tcl-circuits ep``, or run first."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from tcl_circuits.commands.ep import EpRequest, train_ep
from tcl_circuits.commands.output import resumable
from tcl_circuits.errors import InputError
from tcl_circuits.figures.ep import draw_errors
from tcl_circuits.figures.style import save
from tcl_circuits.files import read_bytes, read_json

EPOCHS = 35


@dataclass(frozen=True, eq=False)
class ErrorCurves:
    """Errors over the epochs [percent], and where they come from."""

    table: pd.DataFrame
    parameters: Mapping[str, Any]

    @property
    def headline(self) -> dict[str, float]:
        """Errors after the first, the tenth and the last epoch."""
        epochs = sorted({1, min(10, len(self.table)), len(self.table)})
        found: dict[str, float] = {}
        for epoch in epochs:
            row = self.table.iloc[epoch - 1]
            found[f"train error, epoch {epoch}"] = float(row["train_error"])
            found[f"test error, epoch {epoch}"] = float(row["test_error"])
        return found

    def draw(self, path: Path) -> None:
        """Leave the picture."""
        save(draw_errors(self.table, "3B  Classification error of the EP network"), path)


def error_curves(
    epochs: int | None, seed: int, progress: Callable[[int, int], None] | None = None
) -> ErrorCurves:
    """Errors of the published settings, from the run of that seed under runs/; trained there if need be.

    Parameters
    ----------
    epochs : int, optional
        Passes through the 10,000 images; the paper's 35 unless told otherwise.
    seed : int
        Seed of the network and of the nudge's signs.
    progress : callable, optional
        Told how many epochs are done, and of how many.

    Raises
    ------
    InputError
        If another run is in its place under runs/.
    KeyboardInterrupt
        As it comes; the same call goes on from the checkpoint.
    """
    wanted = EPOCHS if epochs is None else epochs
    request = EpRequest(epochs=wanted, seed=seed, preset="published")
    place = request.place
    history = _kept(request)
    if len(history) < wanted:
        checkpoint = place / "checkpoint.npz"
        resumed = replace(request, resume=checkpoint.exists(), force=True)
        told = None if progress is None else lambda at: progress(int(at.epoch), wanted)
        with resumable(checkpoint, "the same command goes on"):
            history = train_ep(resumed, progress=told).history
    elif progress is not None:
        progress(wanted, wanted)
    table = history.loc[: wanted - 1, ["epoch", "train_error", "test_error"]]
    return ErrorCurves(table, {"run": str(place), "preset": "published", "epochs": wanted})


def _kept(request: EpRequest) -> pd.DataFrame:
    """History that a run has left in the request's place; none if none has ended there.

    Raises
    ------
    InputError
        If what is there is not the run of Fig. 3.
    """
    place, history = request.place, request.place / "history.csv"
    if not history.exists():
        return pd.DataFrame()
    wanted = {"data": request.data, "sizes": [784, *request.hidden, 10], "seed": request.seed}
    if not (place / "summary.json").exists():
        return pd.DataFrame()
    remedy = f"move {place} away, and train anew"
    summary = read_json(place / "summary.json", remedy)
    try:
        found = {name: summary[name] for name in wanted}
    except (KeyError, TypeError):
        raise InputError(f"{place / 'summary.json'} is damaged; {remedy}") from None
    if found != wanted:
        raise InputError(f"{place} holds a run with {found}, not that of Fig. 3 with {wanted}; move it away")
    try:
        return pd.read_csv(io.BytesIO(read_bytes(history, remedy)))
    except ValueError as fault:
        raise InputError(f"{history} is damaged ({' '.join(str(fault).split())}); {remedy}") from None

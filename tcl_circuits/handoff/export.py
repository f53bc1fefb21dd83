"""``tcl.export``: a network as a bundle, from a script."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tcl_circuits.arrays import FloatArray
from tcl_circuits.circuit.cells import Cell, SenseCell
from tcl_circuits.circuit.drive import Drive
from tcl_circuits.circuit.network import Network
from tcl_circuits.handoff.bundle import write_bundle
from tcl_circuits.handoff.design import Design, default_training
from tcl_circuits.protocol import Sawtooth

_DIGITS = 9


def export(
    network: Network,
    out: str | Path,
    dialect: str = "ngspice",
    *,
    cell: Cell | None = None,
    saw: Sawtooth | None = None,
    drive: Drive | None = None,
    inputs: object = None,
    title: str = "network",
    seed: int = 0,
    force: bool = False,
) -> Path:
    """Hand a network to a hardware team: write a bundle that a simulator can run and check without Python.

    Parameters
    ----------
    network : Network
        As trained.
    out : str or Path
        Directory of the bundle.
    dialect : {"ngspice", "ltspice", "xyce", "spectre"}
        Language of the netlists.
    cell : SenseCell or SeriesCell, optional
        Edge cell; by default a power cell with its default parts.
    saw : Sawtooth, optional
        Protocol; by default 10 us and 1 ms.
    drive : Drive, optional
        Samples; the first is the training cycle's. By default inputs from 1 V to 0 V and targets of 0.5 V.
    inputs : array_like of shape (samples, inputs), optional
        Samples of the inference test bench [V]; by default those of the drive.
    title : str
        For people.
    seed : int
        Of the sampled mismatch.
    force : bool
        Take the place of a bundle that is there.

    Returns
    -------
    Path
        The directory.

    Raises
    ------
    InputError
        Before anything is written, if something does not fit or the directory holds files.
    TclError
        If the files can't be written.

    Examples
    --------
    >>> tcl.export(trainer.network, "bundle/", dialect="xyce")  # doctest: +SKIP
    """
    cell, saw = cell or SenseCell(), saw or Sawtooth(1e-5, 1e-3)
    network.check()
    drive = drive or default_training(network, cell, saw)
    volts = drive.inputs_at_start if inputs is None else np.atleast_2d(np.asarray(inputs, dtype=float))
    design = Design(network, cell, saw, rounded(drive.sample(0)), rounded_values(volts), title, seed)
    return write_bundle(design, Path(out), dialect, force)


def rounded(drive: Drive) -> Drive:
    """A drive with voltages of nine digits: what is computed beyond them differs between machines."""
    return Drive(drive.times, rounded_values(drive.inputs), rounded_values(drive.targets), drive.nudge)


def rounded_values(values: FloatArray) -> FloatArray:
    """Values of nine digits."""
    flat = [float(f"{value:.{_DIGITS}g}") for value in values.ravel().tolist()]
    return np.array(flat).reshape(values.shape)

"""What an autonomous run came to, read from its records: losses, trajectories, energies, first direction."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import xarray as xr

from tcl_circuits.arrays import FloatArray
from tcl_circuits.autonomous.energy import PARTS, balance
from tcl_circuits.autonomous.recipe import CircuitTask
from tcl_circuits.autonomous.record import Records
from tcl_circuits.circuit.cells import SenseCell
from tcl_circuits.circuit.names import written
from tcl_circuits.training.rules import loss_gradient

if TYPE_CHECKING:
    from tcl_circuits.autonomous.run import Run


def history(run: Run, records: Records, learned: CircuitTask) -> pd.DataFrame:
    """Losses and accuracies as the circuit showed them in its looks.

    Returns
    -------
    pandas.DataFrame
        A row for each whole look: epoch (learning cycles over training samples), cycle, circuit_time_s, loss,
        accuracy, test_loss, test_accuracy (NaN where there is none).
    """
    task, rows = learned.task, []
    for begin, end, y in _looks(run, records):
        period = run.design.schedule.periods[begin]
        row = [period.cycles / len(task.train), float(period.cycles), end]
        split = len(task.train)
        for part, samples in ((y[:split], task.train), (y[split:], task.test)):
            if len(samples):
                row += [task.loss(part, samples.targets), learned.accuracy(part, samples.targets)]
            else:
                row += [np.nan, np.nan]
        rows.append(row)
    names = ["epoch", "cycle", "circuit_time_s", "loss", "accuracy", "test_loss", "test_accuracy"]
    return pd.DataFrame(np.array(rows).reshape(-1, len(names)), columns=names).astype({"cycle": int})


def _looks(run: Run, records: Records) -> Iterator[tuple[int, float, FloatArray]]:
    """Each whole look: its first period, its time, and the outputs (samples, values) it showed."""
    design = run.design
    looks = records.of_kind("look")
    count = len(design.train) + len(design.test)
    number = np.array([design.schedule.periods[p].look for p in looks.period.tolist()], dtype=np.int64)
    y = design.outputs(looks.rows[:, run.columns.nodes])
    for look in np.unique(number):
        chosen = np.flatnonzero(number == look)
        if chosen.size == count:
            yield int(looks.period[chosen[0]]), float(looks.time[chosen[-1]]), y[chosen]


def trajectories(run: Run, records: Records) -> xr.Dataset:
    """Conductances, thresholds and outputs against circuit time.

    Returns
    -------
    xarray.Dataset
        ``conductance`` and ``state`` (time, edge) [S] at the end of each period - what the edge conducts
        with and what its state has come to -, ``theta`` (time) [V], ``energy`` (time, part) [J]; ``output``
        (look_time, value) with ``sample`` and ``target`` at each look; ``free_output`` (cycle_time, value)
        before the nudge of each learning cycle.
    """
    design, columns = run.design, run.columns
    ends, looks, frees = (records.of_kind(kind) for kind in ("end", "look", "free"))
    slope = design.cell.slope
    cycles = [design.schedule.periods[p].cycles for p in ends.period.tolist()]
    return xr.Dataset(
        {
            "conductance": (("time", "edge"), slope * ends.rows[:, columns.v], {"units": "S"}),
            "state": (("time", "edge"), slope * ends.rows[:, columns.w], {"units": "S"}),
            "theta": (("time",), ends.rows[:, columns.theta], {"units": "V"}),
            "energy": (("time", "part"), ends.energy, {"units": "J", "long_name": "energy since the start"}),
            "output": (("look_time", "value"), design.outputs(looks.rows[:, columns.nodes]), {"units": "V"}),
            "target": (("look_time", "value"), design.targets[looks.sample]),
            "sample": (("look_time",), looks.sample),
            "free_output": (
                ("cycle_time", "value"),
                design.outputs(frees.rows[:, columns.nodes]),
                {"units": "V"},
            ),
            "free_sample": (("cycle_time",), frees.sample),
        },
        coords={
            "time": ("time", ends.time, {"units": "s"}),
            "cycle": ("time", np.array(cycles, dtype=np.int64)),
            "look_time": ("look_time", looks.time, {"units": "s"}),
            "cycle_time": ("cycle_time", frees.time, {"units": "s"}),
            "edge": ("edge", list(design.network.edge_labels)),
            "part": ("part", list(PARTS)),
        },
        attrs={"polarity": design.cell.polarity, "signal": design.cell.signal},
    )


def waveforms(run: Run, rows: FloatArray) -> xr.Dataset:
    """Time points as waveforms: voltage (node, time), u, w, v (edge, time), beta, gate, theta (time)."""
    network, columns = run.design.network, run.columns
    timing = run.design.schedule.timing
    saw = timing.saw
    fast = float(rows[0, 0]) + timing.gap + saw.fast_ramp[0]
    return xr.Dataset(
        {
            "voltage": (("node", "time"), rows[:, columns.nodes].T, {"units": "V"}),
            **{
                name: (("edge", "time"), values.T, {"units": "V"})
                for name, values in (
                    ("u", columns.sense_output(rows, run.design)),
                    ("w", rows[:, columns.w]),
                    ("v", rows[:, columns.v]),
                )
            },
            **{name: (("time",), rows[:, getattr(columns, name)]) for name in ("beta", "gate", "theta")},
        },
        coords={
            "time": ("time", rows[:, 0], {"units": "s"}),
            "node": ("node", [written(node) for node in network.nodes]),
            "role": ("node", [network.role_of(k) for k in range(network.node_count)]),
            "edge": ("edge", list(network.edge_labels)),
        },
        attrs={"theta_V": run.design.cell.theta, "fast_start_s": fast, "fast_stop_s": fast + saw.tau_f},
    )


def energies(records: Records) -> dict[str, float]:
    """Energy by part over the run [J], and the relative error of the balance."""
    ends = records.of_kind("end")
    if ends.time.size < 2:
        return {}
    return balance(ends.energy[0], ends.energy[-1])


def cosine_to_gradient(run: Run, records: Records, learned: CircuitTask) -> float:
    """Cosine of what the first epoch changed and the direction in which the loss falls; NaN without cycles.

    The gradient is the exact one of the untrained network, of the samples that the epoch presented.
    Conductances move within an epoch, so that a strong update has a cosine below 1 without any fault.
    """
    design, task = run.design, learned.task
    ends = records.of_kind("end")
    first = [p for p, period in enumerate(design.schedule.periods) if period.learns][: len(task.train)]
    done = np.flatnonzero(np.isin(ends.period, first))
    if not done.size:
        return float("nan")
    samples = [design.schedule.periods[p].samples[0] for p in ends.period[done].tolist()]
    drive = task.present(task.train, np.array(samples), SenseCell(), design.schedule.timing.saw)
    fall = -loss_gradient(design.network, drive)
    change = design.cell.slope * ends.rows[done[-1], run.columns.w] - design.network.conductance
    lengths = np.linalg.norm(fall) * np.linalg.norm(change)
    return float(fall @ change / lengths) if lengths else float("nan")

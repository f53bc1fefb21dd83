"""Run an autonomous design, keep what it reaches on the disk, and read it back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tcl_circuits.arrays import FloatArray
from tcl_circuits.autonomous.circuit import Columns, Control, netlist_text
from tcl_circuits.autonomous.design import Design
from tcl_circuits.autonomous.record import Recorder, RecordFile, Records, append, last_states
from tcl_circuits.autonomous.results import waveforms
from tcl_circuits.autonomous.stability import stability
from tcl_circuits.autonomous.transient import stream
from tcl_circuits.circuit.names import NameMap
from tcl_circuits.circuit.run_netlist import annotated, figures
from tcl_circuits.errors import EngineError, EngineTimeout
from tcl_circuits.files import aside

_SHOWN_CYCLES = 3
"""Learning cycles of which every time point is kept."""
_BEFORE_THE_END = 1e-6
"""Share of the run by which the last figures are read before its end."""


@dataclass(frozen=True)
class Progress:
    """Where a run is: circuit time [s], cycles, and the mean loss of the last look (NaN before the first)."""

    time: float
    length: float
    cycle: int
    cycles: int
    loss: float


class Run:
    """An autonomous run and its files ``stream.bin``, ``stream.json`` and ``waveforms.nc``.

    Parameters
    ----------
    design : Design
        What runs.
    out : Path
        Directory of the files.
    settings : mapping
        What a resumed run must share, JSON.
    control : Control, optional
        Error control of ngspice.
    """

    def __init__(
        self, design: Design, out: Path, settings: Mapping[str, Any], control: Control | None = None
    ) -> None:
        self.design, self.columns = design, Columns.of(design)
        self._out, self._control = out, control
        self._file = RecordFile(out / "stream.bin", self.columns, settings)

    def netlist(self) -> str:
        """Netlist of the whole run; ``ngspice -b`` runs it and prints where it ends."""
        design = self.design
        text = netlist_text(design, 0, design.start(), "tcl_circuits: learns by itself", self._control)
        # The vectors of the columns are v(NODE); the last of a period's points is without nudge.
        outputs = [NameMap.of(design.network.nodes).spice[k] for k in design.network.outputs.tolist()]
        states = [name[2:-1] for name in self.columns.names[self.columns.v]]
        about = [
            f"The untrained network, and {design.schedule.cycles} cycles in which it learns by itself.",
            "At the end: end_n_* the outputs, the nudge being off; end_w* or end_v* the state of each edge,",
            f"whose conductance is {design.cell.slope:g} S/V times it. With -r out.raw waveforms are kept.",
        ]
        end = design.schedule.length * (1 - _BEFORE_THE_END)
        return annotated(text, design.network, about, figures("end", [*outputs, *states], end))

    @property
    def size(self) -> int:
        """Bytes that the records of the whole run take."""
        return self._file.bytes_of(len(self.design.schedule.marks()))

    def records(self) -> Records:
        """All that is on the disk.

        Raises
        ------
        InputError
            If it is missing, damaged, or of another run.
        """
        return self._file.read(self.design.schedule.marks())

    def go(
        self,
        resume: bool = False,
        time_limit: float | None = None,
        progress: Callable[[Progress], None] | None = None,
        notify: Callable[[str], None] | None = None,
    ) -> None:
        """Run to the end; what is reached is on the disk at every moment.

        Parameters
        ----------
        resume : bool
            Go on after the last whole period on the disk, or from the start if there is none. ngspice begins
            a new transient there, with time steps of its own: what follows is, within ngspice's own error,
            what a run never interrupted gives, but not to the digit.
        time_limit : float, optional
            Longest wall-clock time [s].
        progress : callable, optional
            Told of each record.
        notify : callable, optional
            Told a line where a resumed run goes on.

        Raises
        ------
        InputError
            If there is nothing to resume, or it belongs to another run.
        EngineError
            If ngspice stops early; the message names the circuit time and the likely cause.
        OSError
            If the disk is full.
        """
        design = self.design
        if not resume:
            self._file.create()
        start, states, energy, kept = last_states(self.records(), self.columns, design)
        self._file.rewind(kept)
        if start == len(design.schedule.periods):
            return
        if start and notify is not None:
            cycle = design.schedule.periods[start].cycles
            notify(
                f"going on at cycle {cycle} of {design.schedule.cycles} in a new transient, with time steps "
                "of its own: what follows is not, to the digit, what a run never interrupted gives"
            )
        text = netlist_text(design, start, states, "tcl_circuits: learns by itself", self._control)
        length = (len(design.schedule.periods) - start) * design.schedule.timing.period
        recorder = Recorder(design, self.columns, start, energy)
        waves = _Waves(self, self._out / "waveforms.nc") if start == 0 else None
        teller = _Teller(design, progress)
        reached = start * design.schedule.timing.period
        with self._file.open() as file:
            try:
                for rows in stream(text, self.columns.names, length, time_limit):
                    if waves is not None:
                        waves.take(rows)
                    table = recorder.take(rows)
                    if table.size:
                        append(file, table)
                        reached = float(table[-1, 3])
                        teller.tell(Records.of(table, len(self.columns.names)))
            except EngineTimeout:
                raise EngineTimeout(f"stopped at its time limit, {self._place(reached)}") from None
            except EngineError as fault:
                cause = f"; {self._cause()}" if self._file.path.exists() else ""
                raise EngineError(f"{fault}\n{self._place(reached)}{cause}") from None

    def _place(self, time: float) -> str:
        schedule = self.design.schedule
        at = min(int(time / schedule.timing.period * (1 + 1e-9)), len(schedule.periods) - 1)
        return (
            f"at {time:.6g} s of circuit time, cycle {schedule.periods[at].cycles} of {schedule.cycles}; "
            + ("what was reached is kept" if self._file.path.exists() else f"{self._file.path} is gone")
        )

    def _cause(self) -> str:
        """What most likely made the simulator stop."""
        design = self.design
        ends = self.records().of_kind("end").rows
        network = design.network
        if len(ends):
            # Where a network runs away, conductances may have left every bound.
            reached = np.clip(design.cell.slope * ends[-1, self.columns.v], *network.bounds)
            network = network.with_conductance(reached)
        cell = design.cell
        now = stability(network, design.train.inputs, cell.signal, cell.gain, cell.polarity, cell.lag > 0)
        if now.polarity == "standard" and now.exact > now.limit:
            return f"likely the network runs away: lambda_max is {now.exact:.2g} with the standard sawtooth"
        if now.exact > now.limit:
            return f"likely the gain is too high: lambda_max is {now.exact:.2g}, faithful up to {now.limit:g}"
        return "likely a part of extreme size makes the equations stiff: see netlist.cir"


class _Waves:
    """Keeps every time point of the first learning cycles, for a picture."""

    def __init__(self, run: Run, path: Path) -> None:
        self._run, self._path = run, path
        schedule = run.design.schedule
        learning = [p for p, period in enumerate(schedule.periods) if period.learns][:_SHOWN_CYCLES]
        period = schedule.timing.period
        self._span = (learning[0] * period, (learning[-1] + 1) * period) if learning else (0.0, period)
        self._kept: list[FloatArray] = []
        self._complete = False

    def take(self, rows: FloatArray) -> None:
        """Take a chunk; write the file once all is there."""
        if self._complete:
            return
        first, last = self._span
        self._kept.append(rows[(rows[:, 0] >= first) & (rows[:, 0] <= last * (1 + 1e-9))])
        if rows[-1, 0] >= last * (1 - 1e-9):
            with aside(self._path) as beside:
                waveforms(self._run, np.vstack(self._kept)).to_netcdf(beside)
            self._complete = True


class _Teller:
    """Tells of progress, with the loss of the last complete look."""

    def __init__(self, design: Design, progress: Callable[[Progress], None] | None) -> None:
        self._design, self._progress = design, progress
        self._losses: list[float] = []
        self._loss = float("nan")

    def tell(self, records: Records) -> None:
        if self._progress is None:
            return
        design, schedule = self._design, self._design.schedule
        columns = Columns.of(design)
        looks = records.of_kind("look")
        y = design.outputs(looks.rows[:, columns.nodes])
        for sample, loss in zip(
            looks.sample.tolist(), design.nudge.loss(y, design.targets[looks.sample]).tolist(), strict=True
        ):
            if sample == 0:
                self._losses = []
            self._losses.append(loss)
            if sample == len(design.train) - 1:
                self._loss = float(np.mean(self._losses[: len(design.train)]))
        at = schedule.periods[int(records.period[-1])]
        self._progress(
            Progress(float(records.time[-1]), schedule.length, at.cycles, schedule.cycles, self._loss)
        )

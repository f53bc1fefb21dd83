"""A trained network that can be asked about rows it has not seen."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias, get_args

import numpy as np
import pandas as pd

from tcl_circuits.arrays import FloatArray
from tcl_circuits.circuit.cells import Cell, Signal, named_cell
from tcl_circuits.circuit.graphfile import read_network
from tcl_circuits.circuit.network import Network
from tcl_circuits.engines.base import Engine
from tcl_circuits.engines.reference import Reference
from tcl_circuits.errors import InputError
from tcl_circuits.files import read_json
from tcl_circuits.json_entry import Entry
from tcl_circuits.training.encoding import FILE, Encoding

Rows: TypeAlias = "pd.DataFrame | FloatArray"
"""Rows of features: a frame with a column for each, or an array (rows, features) in the encoding's order."""

_AGAIN = "train again, or give the directory of another run"


@dataclass(frozen=True, eq=False, repr=False)
class TrainedNetwork:
    """A trained network with its cell and its encoding.

    Parameters
    ----------
    network : Network
        As trained.
    cell : Cell
        Edge cell.
    encoding : Encoding
        How rows become voltages and outputs an answer.
    """

    network: Network
    cell: Cell
    encoding: Encoding

    def __repr__(self) -> str:
        names = ", ".join(self.encoding.features)
        return f"<TrainedNetwork: {self.encoding.target!r} from {names}; {self.network!r}>"[:200]

    def outputs(self, rows: Rows, engine: Engine | None = None) -> FloatArray:
        """Output values of rows, shape (rows, values) [V].

        Parameters
        ----------
        rows : DataFrame or ndarray of shape (rows, features)
            In the units of the table that was learned.
        engine : Engine, optional
            Solver of the circuit's rest; by default the exact engine.

        Raises
        ------
        InputError
            If a column is missing, or a value is no finite number.
        EngineError
            If the circuit does not settle.
        """
        volts = self.encoding.inputs(self._features(rows))
        if not len(volts):
            return np.zeros((0, len(self.encoding.outputs.plus)))
        found = (engine or Reference()).settle(self.network, self.cell, volts)
        return self.encoding.values(self.network, found)

    def predict(self, rows: Rows, engine: Engine | None = None) -> pd.DataFrame:
        """Answer for each row.

        Parameters
        ----------
        rows, engine
            As for :meth:`outputs`.

        Returns
        -------
        pandas.DataFrame
            ``prediction``: a class, or a value in the target's unit; for classes ``probability NAME`` of
            each, the softmax of the output voltages. The index is that of the rows.

        Raises
        ------
        InputError, EngineError
            As :meth:`outputs`.
        """
        index = rows.index if isinstance(rows, pd.DataFrame) else None
        return pd.DataFrame(self.encoding.columns(self.outputs(rows, engine)), index=index)

    def _features(self, rows: Rows) -> FloatArray:
        if not isinstance(rows, pd.DataFrame):
            return np.asarray(rows, dtype=float)
        missing = [name for name in self.encoding.features if name not in rows.columns]
        if missing:
            raise InputError(
                f"there is no column {missing[0]!r}; the network was trained on "
                f"{', '.join(self.encoding.features)}"
            )
        try:
            return rows[list(self.encoding.features)].to_numpy(dtype=float, na_value=np.nan)
        except (TypeError, ValueError) as error:
            raise InputError(f"a feature is no number ({error}); write all of them as numbers") from error


def load_run(run: str | Path) -> TrainedNetwork:
    """Read what ``train`` left: network.json, encoding.json and, for the cell, summary.json.

    Parameters
    ----------
    run : str or Path
        The directory of a run on a table, or on a ready-made task that is one, as iris.

    Raises
    ------
    InputError
        If it is no such directory, or a file in it is damaged.
    """
    run = Path(run)
    summary, encoding = run / "summary.json", read_encoding(run)
    network = read_network(run / "network.json")
    encoding.check(network)
    told = Entry(str(summary), read_json(summary, _AGAIN), _AGAIN)
    signal: Any = told.at("signal").one_of(get_args(Signal))
    return TrainedNetwork(network, named_cell(told.at("cell").text(), signal), encoding)


def read_encoding(run: Path) -> Encoding:
    """The encoding of a run's directory.

    Raises
    ------
    InputError
        If there is none, or it is damaged.
    """
    path = run / FILE
    if not path.exists():
        raise InputError(
            f"{run} has no {FILE}, which only a finished training on a table leaves, or on a task that is "
            f"one, as iris; {_AGAIN}"
        )
    return Encoding.of_entry(Entry(str(path), read_json(path, _AGAIN), _AGAIN))

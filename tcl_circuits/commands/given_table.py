"""A table of the user's, as the options of a command name it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from tcl_circuits.circuit.network import Network
from tcl_circuits.errors import InputError
from tcl_circuits.training import tasks
from tcl_circuits.training.table import as_classes, read_table
from tcl_circuits.training.task import Task


@dataclass(frozen=True)
class GivenTable:
    """A table, and what to read of it; fields are the options of the command line.

    Parameters
    ----------
    data : Path
        The file.
    target : str or None
        The column to learn.
    classes : bool
        Whether the numbers of the target are classes.
    features : sequence of str or None
        The columns to learn it from; by default all others.
    drop : sequence of str
        Columns to leave out.
    missing : {"refuse", "drop"}
        What to do about rows without a value.
    """

    data: Path
    target: str | None = None
    classes: bool = False
    features: Sequence[str] | None = None
    drop: Sequence[str] = ()
    missing: str = "refuse"

    @classmethod
    def of(cls, data: Path | None, **options: Any) -> GivenTable | None:
        """The table of these options; None if there is none.

        Raises
        ------
        InputError
            If an option is given that belongs to a table.
        """
        if data is not None:
            return cls(data, **options)
        given = [field.name for field in fields(cls)[1:] if options[field.name] != field.default]
        if given:
            raise InputError(
                f"--{given[0]} belongs to --data FILE.csv, a table of yours; give both or neither"
            )
        return None

    def task(self, seed: int, network: Network | None = None) -> Task:
        """The table as a task, on a crossbar unless a network is given.

        Raises
        ------
        InputError
            If the table can't be used.
        """
        if self.target is None:
            raise InputError(f"--data {self.data} needs --target COLUMN, the column to learn")
        table = read_table(self.data, self.target, self.features, self.drop, self.missing)
        return tasks.from_table(as_classes(table) if self.classes else table, seed, network)

    def kept(self) -> dict[str, Any]:
        """What a run's summary keeps of it."""
        found = {field.name: getattr(self, field.name) for field in fields(self)}
        return {**found, "data": str(self.data), "drop": list(self.drop)}

"""``tcl-circuits predict``: a trained network's answer for each row of a new table."""

from __future__ import annotations

import warnings
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from tcl_circuits.commands.engine import choose
from tcl_circuits.commands.output import write_text
from tcl_circuits.delimited import Delimited
from tcl_circuits.errors import InputError, Remark
from tcl_circuits.training.csv_file import CSV, read_columns
from tcl_circuits.training.encoding import Values
from tcl_circuits.training.trained import TrainedNetwork, load_run


@dataclass(frozen=True)
class PredictRequest:
    """Which run to ask about which table; fields are the options of the command line."""

    run: Path
    table: Path
    engine: str = "reference"
    missing: str = "refuse"
    out: Path | None = None
    force: bool = False


@dataclass(frozen=True, eq=False)
class PredictResult:
    """The rows with their answers, the same as CSV, and what is to be told."""

    rows: pd.DataFrame
    text: str
    remarks: tuple[str, ...]


def predict(request: PredictRequest) -> PredictResult:
    """Answer each row of a table; write the table with the answers if a file is named.

    Raises
    ------
    InputError
        If the run can't be asked, the table lacks a column or a value, or the file exists.
    EngineError
        If the circuit does not settle.
    """
    trained = load_run(request.run)
    if request.out is not None and request.out.exists() and not request.force:
        raise InputError(f"{request.out} exists; name another file, or take --force to replace it")
    table = Delimited.read(request.table, CSV)
    found = read_columns(table, None, trained.encoding.features, missing=request.missing)
    if found.left_out is not None:
        warnings.warn(f"{request.table}: {found.left_out}", Remark, stacklevel=2)
    kept = _texts(table)[found.kept].reset_index(drop=True)
    engine, remark = choose(request.engine)
    with closing(engine):
        answers = trained.predict(found.values, engine)
    both = sorted(set(kept.columns) & set(answers.columns))
    if both:
        raise InputError(f"{request.table}: there is a column {both[0]!r} already; rename it")
    rows = pd.concat([kept, answers], axis=1)
    if request.out is not None:
        write_text(request.out, _csv(rows))
    told = [line for line in (remark, _score(trained, kept, answers)) if line is not None]
    return PredictResult(rows, _csv(rows), tuple(told))


def _csv(rows: pd.DataFrame) -> str:
    return rows.to_csv(index=False, float_format="%.9g")


def _texts(table: Delimited) -> pd.DataFrame:
    """All cells of a table as they stand; ragged rows have been refused."""
    return pd.DataFrame([row for _, row in table.rows()], columns=list(table.names), dtype=str)


def _score(trained: TrainedNetwork, rows: pd.DataFrame, answers: pd.DataFrame) -> str | None:
    """How many answers are right, or how far off they are, if the table has the target."""
    encoding = trained.encoding
    if encoding.target not in rows.columns or rows.empty:
        return None
    known = rows[encoding.target].str.strip()
    if isinstance(encoding.answer, Values):
        wanted = pd.to_numeric(known, errors="coerce").to_numpy(dtype=float)
        if np.isnan(wanted).any():
            return None
        error = float(np.sqrt(np.mean((answers["prediction"].to_numpy(dtype=float) - wanted) ** 2)))
        return f"{encoding.target}: root mean square error {error:.4g} on {len(rows)} rows"
    right = int(np.sum(known.to_numpy() == answers["prediction"].to_numpy()))
    return f"{encoding.target}: {right} of {len(rows)} right, {right / len(rows):.3f}"

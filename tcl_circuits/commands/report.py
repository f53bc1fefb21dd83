"""``tcl-circuits report``: a run directory or a bundle as one HTML file."""

from __future__ import annotations

from pathlib import Path

from tcl_circuits.commands.output import claim_file, write_file
from tcl_circuits.commands.report_bundle import of_bundle
from tcl_circuits.commands.report_cycle import of_cycle
from tcl_circuits.commands.report_training import of_training
from tcl_circuits.errors import InputError
from tcl_circuits.handoff.manifest import NAME
from tcl_circuits.handoff.report import Report, render


def report(source: Path, out: Path | None = None, force: bool = False) -> Path:
    """Write the report of a run directory or a bundle.

    Parameters
    ----------
    source : Path
        A directory that `train`, `simulate` or `export` left.
    out : Path, optional
        The file; by default ``report.html`` in a run directory, and beside a bundle ``NAME-report.html``,
        as a bundle holds nothing but what its manifest names.
    force : bool
        Take the place of a file that is there.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    InputError
        If the directory is none of these, a file in it can't be read, or the report can't be written there.
    """
    made, default = _gathered(source)
    path = default if out is None else out
    claim_file(path, force, "report.html")
    if not path.parent.is_dir():
        raise InputError(f"--out {path}: there is no directory {path.parent}; make it first")
    write_file(path, render(made))
    return path


def _gathered(source: Path) -> tuple[Report, Path]:
    if not source.is_dir():
        raise InputError(f"{source} is no directory; give what train, simulate or export left")
    if (source / NAME).is_file():
        resolved = source.resolve()
        return of_bundle(source), source.parent / f"{resolved.name}-report.html"
    if (source / "summary.json").is_file() and (source / "network.json").is_file():
        return of_training(source), source / "report.html"
    if (source / "waveforms.nc").is_file():
        return of_cycle(source), source / "report.html"
    raise InputError(
        f"{source} holds neither summary.json and network.json (train), nor waveforms.nc (simulate), "
        f"nor {NAME} (export); give one of their directories"
    )

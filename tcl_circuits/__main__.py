"""The program: ``tcl-circuits``, or ``python -m tcl_circuits`` when it is not on the path."""

from __future__ import annotations

from tcl_circuits import stopping, threads


def main() -> None:
    """Run the command line; it can be stopped while the rest is still being loaded."""
    stopping.listen()
    threads.hold_blas()
    from tcl_circuits.cli import main as run

    run()


if __name__ == "__main__":
    main()

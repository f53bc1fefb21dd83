"""``python -m tcl_circuits.cli``: the program, for when it is not on the path."""

from tcl_circuits.cli import main

main()

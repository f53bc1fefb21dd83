"""The program: how commands end, and where they print."""

from __future__ import annotations

import json
import logging
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import typer
import typer.core
from rich.console import Console

from tcl_circuits import stopping
from tcl_circuits.errors import Remark, TclError

# Names of a user's nodes and files are text, never markup.
messages = Console(stderr=True, highlight=False, markup=False, emoji=False, soft_wrap=True)
output = Console(highlight=False, markup=False, emoji=False, soft_wrap=True)


@contextmanager
def _remarks_as_lines() -> Iterator[None]:
    """Print the package's remarks as lines, each once; warnings of others stay as they are.

    But not what matplotlib logs of the cache that it would keep in a home that can't be written.
    """
    logging.getLogger("matplotlib").setLevel(logging.ERROR)
    others, told = warnings.showwarning, set[str]()

    def show(message: Any, category: Any, *place: Any, **more: Any) -> None:
        if not issubclass(category, Remark):
            others(message, category, *place, **more)
        elif str(message) not in told:
            told.add(str(message))
            messages.print(str(message))

    with warnings.catch_warnings():
        warnings.simplefilter("always", Remark)
        warnings.showwarning = show
        yield


class _Commands(typer.core.TyperGroup):
    """The commands, with what they raise turned into an exit code and one message."""

    def invoke(self, ctx: Any) -> Any:
        try:
            with stopping.by_exception(), _remarks_as_lines():
                return super().invoke(ctx)
        except KeyboardInterrupt as stop:
            # A command that keeps what was reached says so.
            messages.print("; ".join([stopping.SAID, *map(str, stop.args)]))
            raise typer.Exit(stopping.exit_code()) from None
        except TclError as fault:
            messages.print(f"tcl-circuits: {fault}")
            raise typer.Exit(fault.exit_code) from None
        except OSError as fault:
            place = "" if fault.filename is None else f"{fault.filename}: "
            said = [f"tcl-circuits: {place}{fault.strerror or fault}", *getattr(fault, "__notes__", ())]
            messages.print("; ".join(said))
            raise typer.Exit(1) from None


app = typer.Typer(
    cls=_Commands,
    help="Temporal Contrastive Learning as circuits: networks from graphs, trained in ngspice.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def print_json(content: Any) -> None:
    """Print a result for other programs."""
    sys.stdout.write(json.dumps(content, indent=2) + "\n")

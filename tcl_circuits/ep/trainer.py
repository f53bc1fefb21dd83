"""Training of an EP network, with checkpoints."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from tcl_circuits.ep.course import COLUMNS, Course
from tcl_circuits.ep.data import Digits
from tcl_circuits.ep.network import Network
from tcl_circuits.ep.remarks import area_remark
from tcl_circuits.ep.rules import can_compile, make_rule, warm_up
from tcl_circuits.ep.run import Plan, Progress, Run
from tcl_circuits.ep.settings import Settings
from tcl_circuits.fitting import fit

__all__ = ["Progress", "Trained", "Trainer", "train"]


class Trained(NamedTuple):
    """A trained network and its history."""

    network: Network
    history: pd.DataFrame


class Trainer:
    """Trains an EP network to classify images.

    Parameters
    ----------
    network : Network
        Where to start.
    rule : str
        One of :data:`~tcl_circuits.ep.rules.RULES`.
    settings : Settings or str
        Settings, or a name of :data:`~tcl_circuits.ep.settings.PRESETS`.
    seed : int
        Seed of the signs of beta, of the images' order where it is drawn, and of rules that draw.
    compiled : bool, optional
        Whether the temporal update is compiled by numba; by default if that is installed. It is the same
        update up to rounding. Other rules are not compiled.

    Attributes
    ----------
    network : Network
        As trained so far.
    rule, settings, seed, compiled
        As given.

    Raises
    ------
    InputError
        If there is no such rule or settings, or they do not fit the network.

    Warns
    -----
    UserWarning
        If the kernel's area is not 0; and, after the first batch, if a threshold lets nothing pass, or all.
    """

    def __init__(
        self,
        network: Network,
        rule: str = "tcl",
        settings: Settings | str = "published",
        seed: int = 0,
        compiled: bool | None = None,
    ) -> None:
        self.network = network
        self.rule = rule
        self.settings = Settings.named(settings) if isinstance(settings, str) else settings
        self.seed = seed
        self.compiled = rule == "tcl" and (can_compile() if compiled is None else compiled)
        made = make_rule(rule, self.settings, len(network.biases), self.compiled)
        if self.compiled:
            warm_up(network.dtype)
        self._plan = Plan(rule, made, self.settings, seed, self.compiled)
        remark = area_remark(self.settings.cycle()) if rule == "tcl" else None
        if remark is not None:
            warnings.warn(remark, stacklevel=2)

    def fit(
        self,
        data: Digits,
        epochs: int,
        checkpoint: Path | None = None,
        resume: bool = False,
        progress: Callable[[Progress], None] | None = None,
    ) -> pd.DataFrame:
        """Train, and return the history.

        Parameters
        ----------
        data : Digits
            Images to learn, and images to be tested with after each epoch.
        epochs : int
            Passes through the images, those before the checkpoint included.
        checkpoint : Path, optional
            File to keep the state in after each epoch, and when the run ends early for whatever reason.
        resume : bool
            Go on from the checkpoint; the result is, to the last digit, that of a run never interrupted.
        progress : callable, optional
            Called after each batch.

        Returns
        -------
        pandas.DataFrame
            One row for each epoch: epoch (from 1), train_error and test_error (percent), cpu_s. An image
            counts for train_error as it is classified in the epoch, before the update by its batch. Test
            images relax as those of training do: from their free states of the last epoch where the settings
            are persistent, as in the published run. :meth:`Network.predict` knows no such state.

        Raises
        ------
        InputError
            If the images don't fit the network, or the checkpoint belongs to another run.
        TclError
            If training makes a weight infinite or NaN; what was reached before is in the checkpoint.
        KeyboardInterrupt
            As it comes, after the checkpoint is written.
        """
        run = Run(self._plan, self.network, data, epochs)
        return history(fit(run, Course, self._follow, checkpoint, resume, progress))

    def _follow(self, course: Course) -> None:
        """Take a course's network as the trainer's own."""
        self.network = course.network


def train(
    network: Network,
    data: Digits,
    rule: str = "tcl",
    epochs: int = 35,
    settings: Settings | str = "published",
    seed: int = 0,
    progress: Callable[[Progress], None] | None = None,
) -> Trained:
    """Train a network and return it with its history; see :class:`Trainer` for more."""
    trainer = Trainer(network, rule, settings, seed)
    rows = trainer.fit(data, epochs, progress=progress)
    return Trained(trainer.network, rows)


def history(course: Course) -> pd.DataFrame:
    """History of a course as a table with the columns :data:`~tcl_circuits.ep.course.COLUMNS`."""
    return pd.DataFrame(course.rows, columns=list(COLUMNS)).astype({"epoch": int})

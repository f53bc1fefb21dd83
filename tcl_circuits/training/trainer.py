"""Training of a network's conductances in an engine, with checkpoints."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from tcl_circuits.arrays import FloatArray
from tcl_circuits.circuit.cells import Cell
from tcl_circuits.circuit.network import Network
from tcl_circuits.engines.base import Engine
from tcl_circuits.errors import InputError
from tcl_circuits.fitting import fit
from tcl_circuits.protocol import Sawtooth
from tcl_circuits.training.course import COLUMNS, Course
from tcl_circuits.training.encoding import Encoding
from tcl_circuits.training.pace import design_threshold
from tcl_circuits.training.run import Plan, Progress, Run
from tcl_circuits.training.task import Recipe, Task
from tcl_circuits.training.trained import Rows, TrainedNetwork

__all__ = ["COLUMNS", "RULES", "Progress", "Trainer", "history"]

RULES = ("tcl", "contrast", "gradient")


class Trainer:
    """Trains a network's conductances on a task, with an engine for the physics and a rule for the update.

    Parameters
    ----------
    network : Network
        Where to start.
    cell : Cell
        Edge cell.
    saw : Sawtooth
        Training protocol.
    engine : Engine
        Solver of the circuit.
    rule : {"tcl", "contrast", "gradient"}
        Thresholded kernel output; explicit memory of the two states; exact adjoint gradient.
    seed : int
        Seed of the samples' order.
    chirp : bool, optional
        Whether sawtooth and threshold follow the loss (see :class:`~tcl_circuits.training.pace.Pace`); by
        default as the recipe says.
    threshold : float
        Threshold theta in units of A_max/tau_s times the sense capacitance; A_max is the largest contrast
        of the training samples before training.
    threshold_spread : ndarray of shape (edges,), optional
        Factor on each edge's threshold.

    Attributes
    ----------
    network : Network
        The network as trained so far.
    cell, saw
        As given.
    course : Course or None
        Where training is, once it has begun.
    """

    def __init__(
        self,
        network: Network,
        cell: Cell,
        saw: Sawtooth,
        engine: Engine,
        rule: str = "tcl",
        seed: int = 0,
        chirp: bool | None = None,
        threshold: float = 2.0,
        threshold_spread: FloatArray | None = None,
    ) -> None:
        if rule not in RULES:
            raise InputError(f"there is no rule {rule!r}; there are {', '.join(RULES)}")
        if not (np.isfinite(threshold) and threshold >= 0):
            raise InputError(
                f"threshold = {threshold!r} must be finite and not negative, in units of A_max/tau_s"
            )
        network.check()
        self.network = network
        self.course: Course | None = None
        self.cell, self.saw = cell, saw
        self._encoding: Encoding | None = None
        self._plan = Plan(cell, saw, engine, rule, seed, chirp, threshold, threshold_spread)

    def theta(self, task: Task) -> FloatArray:
        """Threshold of each edge's kernel output at the start of training [A]."""
        whole = task.present(task.train, np.arange(len(task.train)), self.cell, self.saw)
        theta = design_threshold(self.network, self.cell, self.saw, whole, self._plan.threshold)
        return theta if self._plan.spread is None else theta * self._plan.spread

    def fit(
        self,
        task: Task,
        epochs: int | None = None,
        recipe: Recipe | None = None,
        checkpoint: Path | None = None,
        resume: bool = False,
        progress: Callable[[Progress], None] | None = None,
    ) -> pd.DataFrame:
        """Train, and return the history.

        Parameters
        ----------
        task : Task
            Samples, nudge and loss; its own network is not used.
        epochs : int, optional
            Passes through the samples; by default the recipe's.
        recipe : Recipe, optional
            Training settings; by default the task's.
        checkpoint : Path, optional
            File to keep the state in after each epoch, and when the run ends early for whatever reason.
        resume : bool
            Go on from the checkpoint; the history is then that of a run never interrupted.
        progress : callable, optional
            Called after each batch.

        Returns
        -------
        pandas.DataFrame
            One row for the untrained network and one for each epoch, with the columns :data:`COLUMNS`.

        Raises
        ------
        InputError
            If the task does not fit the network or the checkpoint belongs to another run.
        EngineError
            If a simulation fails; the state before it is in the checkpoint.
        KeyboardInterrupt
            As it comes, after the checkpoint is written.
        """
        recipe = recipe or task.recipe
        self._encoding = task.encoding
        run = Run(self._plan, self.network, task, recipe, recipe.epochs if epochs is None else epochs)
        return history(fit(run, Course, self._follow, checkpoint, resume, progress))

    def predict(self, rows: Rows) -> pd.DataFrame:
        """Answer for each row of features, by the network as trained so far in the trainer's engine.

        Parameters
        ----------
        rows : DataFrame or ndarray of shape (rows, features)
            In the units of the table that was learned.

        Returns
        -------
        pandas.DataFrame
            As :meth:`.TrainedNetwork.predict`.

        Raises
        ------
        InputError
            If no task was fitted, or its samples are voltages and not rows of a table.
        """
        if self._encoding is None:
            raise InputError("predict: fit a task of a table first; the samples of other tasks are voltages")
        return TrainedNetwork(self.network, self.cell, self._encoding).predict(rows, self._plan.engine)

    def _follow(self, course: Course) -> None:
        """Take a course as the trainer's own, and its network."""
        self.course = course
        self.network = self.network.with_conductance(course.conductance)


def history(course: Course) -> pd.DataFrame:
    """History of a course as a table with the columns :data:`COLUMNS`."""
    frame = pd.DataFrame(course.rows, columns=list(COLUMNS))
    return frame.astype({"epoch": int})

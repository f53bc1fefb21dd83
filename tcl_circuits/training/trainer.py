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
from tcl_circuits.errors import InputError, TclError
from tcl_circuits.protocol import Sawtooth
from tcl_circuits.training.checkpoint import Checkpoint, State
from tcl_circuits.training.pace import design_threshold
from tcl_circuits.training.run import COLUMNS, Plan, Progress, Run
from tcl_circuits.training.task import Recipe, Task

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
    state : State or None
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
        self.state: State | None = None
        self.cell, self.saw = cell, saw
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
        run = Run(self._plan, self.network, task, recipe, recipe.epochs if epochs is None else epochs)
        settings = run.settings()
        if resume:
            if checkpoint is None:
                raise InputError("to resume, name the checkpoint")
            saved = Checkpoint.load(checkpoint)
            saved.require(settings, checkpoint)
            state = saved.state
        else:
            state = run.start()
            if checkpoint is not None:
                Checkpoint(state, settings).save(checkpoint)
        self.state = state
        try:
            for reached in run.states(state):
                state = self.state = reached
                self.network = self.network.with_conductance(state.conductance)
                if progress is not None:
                    progress(run.progress(state))
                if checkpoint is not None and state.batch == 0:
                    Checkpoint(state, settings).save(checkpoint)
        except (KeyboardInterrupt, TclError, OSError):
            if checkpoint is not None:
                Checkpoint(self.state, settings).save(checkpoint)
            raise
        self.network = self.network.with_conductance(self.state.conductance)
        return history(self.state)


def history(state: State) -> pd.DataFrame:
    """History of a state as a table with the columns :data:`COLUMNS`."""
    frame = pd.DataFrame(state.rows, columns=list(COLUMNS))
    return frame.astype({"epoch": int})

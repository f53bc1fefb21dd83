"""The co-simulation loop: present a batch, read the kernel outputs, change the conductances."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from tcl_circuits.arrays import FloatArray, IntArray
from tcl_circuits.circuit.cells import Cell
from tcl_circuits.circuit.network import Network
from tcl_circuits.engines.base import Engine
from tcl_circuits.errors import InputError, TclError
from tcl_circuits.protocol import Sawtooth
from tcl_circuits.training.checkpoint import Checkpoint, State, advance
from tcl_circuits.training.pace import Pace, design_threshold, largest_contrast, step_gain
from tcl_circuits.training.readout import energy
from tcl_circuits.training.rules import ExactGradient, ExplicitContrast, Rule, TemporalContrast, loss_gradient
from tcl_circuits.training.task import Recipe, Task

COLUMNS = ("epoch", "loss", "accuracy", "test_loss", "test_accuracy", "chirp")
"""Columns of a history: after how many epochs, losses, accuracies (NaN for regression), sawtooth factor."""

RULES = ("tcl", "contrast", "gradient")


@dataclass(frozen=True)
class Progress:
    """Where a run is, told after each batch: epochs done (with a fraction), epochs in all, last row."""

    epoch: float
    epochs: int
    loss: float
    test_accuracy: float


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
        self._engine, self._rule = engine, rule
        self._seed, self._chirp, self._threshold, self._spread = seed, chirp, threshold, threshold_spread

    def theta(self, task: Task) -> FloatArray:
        """Threshold of each edge's kernel output at the start of training [A]."""
        whole = task.present(task.train, np.arange(len(task.train)), self.cell, self.saw)
        theta = design_threshold(self.network, self.cell, self.saw, whole, self._threshold)
        return theta if self._spread is None else theta * self._spread

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
        plan = recipe or task.recipe
        run = _Run(self, task, plan, plan.epochs if epochs is None else epochs)
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


class _Run:
    """One call of fit: what stays the same from batch to batch."""

    def __init__(self, trainer: Trainer, task: Task, recipe: Recipe, epochs: int) -> None:
        if epochs < 0:
            raise InputError(f"epochs = {epochs} must not be negative")
        if recipe.batch < 1 or not recipe.rate > 0 or not 0 < recipe.final_rate <= 1:
            raise InputError(f"{recipe} needs batch >= 1, rate > 0 S and 0 < final_rate <= 1")
        self._trainer, self._task, self._recipe, self._epochs = trainer, task, recipe, epochs
        self._cell, self._engine = trainer.cell, trainer._engine
        self._chirp = recipe.chirp if trainer._chirp is None else trainer._chirp
        self._start = trainer.network
        whole = task.present(task.train, np.arange(len(task.train)), self._cell, trainer.saw)
        whole.check(trainer.network)
        self._amplitude = largest_contrast(trainer.network, self._cell, whole)
        self._gain = step_gain(trainer.network, self._cell, whole, self._order(0), recipe, trainer._rule)

    def settings(self) -> dict[str, Any]:
        """What a resumed run must share."""
        trainer, task, recipe = self._trainer, self._task, self._recipe
        shared: dict[str, Any] = {
            "task": task.name,
            "rule": trainer._rule,
            "engine": self._engine.name,
            "cell": type(self._cell).__name__,
            "signal": self._cell.signal,
            "seed": trainer._seed,
            "chirp": self._chirp,
            "threshold": trainer._threshold,
            "tau_f": trainer.saw.tau_f,
            "tau_s": trainer.saw.tau_s,
            "polarity": trainer.saw.polarity,
            "batch": recipe.batch,
            "rate": recipe.rate,
            "final_rate": recipe.final_rate,
            "samples": len(task.train),
            "edges": trainer.network.edge_count,
            # Amplitude and gain follow from start, data, cell and nudge: a fingerprint of all of them.
            "amplitude": self._amplitude,
            "gain": self._gain,
        }
        if recipe.final_rate < 1:
            shared["epochs"] = self._epochs
        return shared

    def start(self) -> State:
        """State of the untrained network."""
        none = np.zeros(self._start.edge_count)
        state = State(self._start.conductance, np.zeros((0, len(COLUMNS))), none, none)
        return self._measured(state, self._start, chirp=1.0)

    def states(self, state: State) -> Iterator[State]:
        """States after each batch that is left to do."""
        count = -(-len(self._task.train) // self._recipe.batch)
        while state.epoch < self._epochs:
            pace = self._pace(state)
            network = self._start.with_conductance(state.conductance)
            state, network = self._batch(state, network, pace)
            if state.batch == count:
                state = advance(state, epoch=state.epoch + 1, batch=0)
                state = self._measured(state, network, pace.factor)
            yield state

    def progress(self, state: State) -> Progress:
        """Tell where a state is."""
        count = -(-len(self._task.train) // self._recipe.batch)
        last = dict(zip(COLUMNS, state.rows[-1].tolist(), strict=True))
        return Progress(state.epoch + state.batch / count, self._epochs, last["loss"], last["test_accuracy"])

    def _order(self, epoch: int) -> IntArray:
        """Order of the samples in an epoch; a function of seed and epoch alone, so that runs can resume."""
        return np.random.default_rng([self._trainer._seed, epoch]).permutation(len(self._task.train))

    def _pace(self, state: State) -> Pace:
        factor = 1.0
        if self._chirp:
            factor = min(1.0, float(np.sqrt(state.rows[-1, 1] / state.rows[0, 1])))
        tau = self._cell.capacitance(self._start.conductance) * self._cell.resistance(self._start.conductance)
        return Pace.following(self._trainer.saw, factor, float(tau.max()))

    def _rule(self, pace: Pace) -> Rule:
        trainer = self._trainer
        if trainer._rule == "gradient":
            return ExactGradient()
        if trainer._rule == "contrast":
            return ExplicitContrast()
        slope = trainer._threshold * self._amplitude / trainer.saw.tau_s
        return TemporalContrast(slope * pace.threshold, trainer._spread)

    def _batch(self, state: State, network: Network, pace: Pace) -> tuple[State, Network]:
        """Present one batch and change the conductances against the rule's direction."""
        size = self._recipe.batch
        chosen = self._order(state.epoch)[state.batch * size : (state.batch + 1) * size]
        drive = self._task.present(self._task.train, chosen, self._cell, pace.saw)
        found = self._rule(pace).ascent(network, self._cell, pace.saw, drive, self._engine)
        step = self._gain * self._share(state.epoch) * found.direction
        changed = network.with_conductance(np.clip(network.conductance - step, *network.bounds))
        state = advance(
            state,
            batch=state.batch + 1,
            conductance=changed.conductance,
            cycles=state.cycles + len(found.transients),
            circuit_time=state.circuit_time + len(found.transients) * pace.saw.period,
            energy=state.energy + sum(energy(network, self._cell, t) for t in found.transients),
        )
        if state.epoch == 0:
            state = advance(
                state,
                first_update=state.first_update + found.direction,
                first_gradient=state.first_gradient + loss_gradient(network, drive),
            )
        return state, changed

    def _share(self, epoch: int) -> float:
        """Share of the rate in an epoch."""
        final = self._recipe.final_rate
        if final == 1:
            return 1.0
        return final + (1 - final) * 0.5 * (1 + float(np.cos(np.pi * epoch / self._epochs)))

    def _measured(self, state: State, network: Network, chirp: float) -> State:
        """State with one more row of the history: losses and accuracies of the network at rest."""
        row = [float(state.epoch)]
        for samples in (self._task.train, self._task.test):
            y = self._task.outputs(self._engine.settle(network, self._cell, samples.inputs))
            accuracy = self._task.accuracy(y, samples.targets)
            row += [self._task.loss(y, samples.targets), np.nan if accuracy is None else accuracy]
        return advance(state, rows=np.vstack([state.rows, [*row, chirp]]))

"""Training of a layered circuit: with history and checkpoints."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd

from tcl_circuits.arrays import FloatArray, IntArray
from tcl_circuits.ep.data import Digits
from tcl_circuits.fitting import fit
from tcl_circuits.layered.circuit import Array
from tcl_circuits.layered.course import COLUMNS, Course
from tcl_circuits.layered.recipe import Recipe, make_circuit, nudge_conductance
from tcl_circuits.layered.rules import make_rule
from tcl_circuits.layered.run import Plan, Run, output_values, settle
from tcl_circuits.layered.solve import Point, can_compile, make_solver
from tcl_circuits.protocol import Sawtooth
from tcl_circuits.training.run import Progress

_FAST = 1e-5
"""tau_f of the protocol [s]; with a fast sense branch it only sets units."""


class Trainer:
    """Trains a layered circuit on images.

    Parameters
    ----------
    data : Digits
        Images to learn, and to be tested with.
    hidden : int
        Hidden nodes; 0 lets the inputs drive the outputs.
    rule : {"tcl", "contrast", "gradient"}
        Thresholded kernel output; explicit memory of the two states; exact adjoint gradient.
    recipe : Recipe, optional
        Settings; the one recipe by default.
    seed : int
        Seed of conductances, order and shifts.
    compiled : bool, optional
        Whether numba is used; by default if it is installed.

    Attributes
    ----------
    start, circuit : LayeredCircuit
        Untrained, and as trained so far.
    saw : Sawtooth
        Protocol.
    beta : float
        Conductance of the nudge at full strength [S].
    course : Course or None
        Where training is, once it has begun.

    Raises
    ------
    InputError
        If there is no such rule, or numba is asked for and missing.
    """

    def __init__(
        self,
        data: Digits,
        hidden: int,
        rule: str = "tcl",
        recipe: Recipe | None = None,
        seed: int = 0,
        compiled: bool | None = None,
    ) -> None:
        self.data, self.rule, self.seed = data, rule, seed
        self.recipe = (recipe or Recipe()).for_images(len(data.train_x))
        self.compiled = can_compile() if compiled is None else compiled
        self.saw = Sawtooth(_FAST, _FAST * self.recipe.ratio)
        self._solver = make_solver(self.compiled)
        self.start = make_circuit(data.train_x, data.classes, hidden, seed, self.recipe, self._solver)
        self.beta = nudge_conductance(self.start, self.recipe)
        update = make_rule(rule, self.saw, self.recipe.threshold, self.recipe.segments, self.compiled)
        self._plan = Plan(
            data, self.start, self.recipe, rule, update, self._solver, self.beta, seed, self.compiled
        )
        self.circuit = self.start
        self.course: Course | None = None

    def fit(
        self,
        epochs: int,
        checkpoint: Path | None = None,
        resume: bool = False,
        progress: Callable[[Progress], None] | None = None,
    ) -> pd.DataFrame:
        """Train, and return the history.

        Parameters
        ----------
        epochs : int
            Passes through the images; they set the decay of the rate.
        checkpoint : Path, optional
            File to keep the state in after each epoch, and when the run ends early for whatever reason.
        resume : bool
            Go on from the checkpoint; the result is that of a run never interrupted.
        progress : callable, optional
            Called after each batch.

        Returns
        -------
        pandas.DataFrame
            One row for the untrained circuit and one for each epoch: epoch, loss (cross-entropy), accuracy,
            test_loss, test_accuracy, chirp. After the first row, loss and accuracy of training images are
            those of the epoch, each image before its batch's update.

        Raises
        ------
        InputError
            If the checkpoint belongs to another run.
        TclError
            If the circuit does not come to rest; what was reached before is in the checkpoint.
        KeyboardInterrupt
            As it comes, after the checkpoint is written.
        """
        run = Run(self._plan, epochs)
        return history(fit(run, Course, self._follow, checkpoint, resume, progress))

    def courses(self, epochs: int) -> Iterator[Course]:
        """Courses after each batch of a run from the untrained circuit on, to be stopped anywhere."""
        run = Run(self._plan, epochs)
        course = run.start()
        self._follow(course)
        for reached in run.courses(course):
            self._follow(reached)
            yield reached

    def _follow(self, course: Course) -> None:
        """Take a course as the trainer's own, and its circuit."""
        self.course = course
        self.circuit = self.start.with_conductances(course.conductances)

    def predict(self, x: Array) -> IntArray:
        """Classes of images, shape (images, pixels), by the circuit as trained so far."""
        classes: IntArray = self.values(x).argmax(axis=1)
        return classes

    def values(self, x: Array) -> FloatArray:
        """Output values of images at rest, shape (images, classes) [V]."""
        return output_values(self.circuit, self._solver, x)

    def settle(self, x: Array) -> Point:
        """Voltages at rest of images with bias, shape (images, pixels + 1)."""
        return settle(self.circuit, self._solver, x)


def history(course: Course) -> pd.DataFrame:
    """History of a course as a table."""
    return pd.DataFrame(course.rows, columns=list(COLUMNS)).astype({"epoch": int})

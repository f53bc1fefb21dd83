"""A lattice of springs that learns in the circuit: two points moved at the rim, two read inside.

The lattice stands on two points that are held; two more are moved, and two coordinates inside are to follow
as those of another lattice of the same shape do.
"""

from __future__ import annotations

import numpy as np

from tcl_circuits.autonomous.recipe import CircuitTask, Recipe
from tcl_circuits.circuit.autonomous_cell import LearningSignal
from tcl_circuits.circuit.nudge import ConductanceNudge, single_ended
from tcl_circuits.circuit.spring_lattice import crossed_lattice
from tcl_circuits.circuit.springs import SpringNetwork
from tcl_circuits.training.task import Samples, Task

SIDE = 5
BOUNDS = (1e-6, 1e-4)
"""Stiffness of the bonds as conductances [S]."""
NUDGE = 3e-4
"""Stiffness of the springs that nudge the outputs [S]."""


def _lattice_of(seed: int, stiffness: tuple[float, float], draw: int) -> SpringNetwork:
    """5 x 5 points and 58 bonds, with stiffnesses drawn evenly."""
    last = SIDE - 1
    bottom, top = (0, last), (SIDE * last, SIDE * SIDE - 1)
    centre = (SIDE * SIDE - 1) // 2
    lattice = crossed_lattice(
        SIDE,
        SIDE,
        fixed=[(p, axis) for p in bottom for axis in (0, 1)],
        driven=[(p, axis) for p in top for axis in (0, 1)],
        outputs=[(centre, 0), (centre - SIDE, 1)],
        doubled=2,
        seed=seed,
    )
    values = np.random.default_rng([seed, draw]).uniform(*stiffness, len(lattice.bonds))
    return SpringNetwork.of(lattice, values, BOUNDS)


def springs(seed: int, signal: LearningSignal, name: str) -> CircuitTask:
    """Six motions of the rim, and the motions inside that another lattice answers with.

    Parameters
    ----------
    seed : int
        Seed of the shape, of both lattices' stiffnesses and of the motions.
    signal : {"power", "product", "strain"}
        What the cells learn from.
    name : str
        Name of the task.
    """
    network = _lattice_of(seed, (1e-5, 4e-5), 7)
    teacher = _lattice_of(seed, (2e-6, 8e-5), 8)
    rng = np.random.default_rng([seed, 9])

    def draw(count: int) -> Samples:
        moved = rng.uniform(-1, 1, (count, network.inputs.size))
        answer = teacher.springs.displacements(teacher.conductance, moved)
        return Samples(moved, answer[:, [2 * point + axis for point, axis in teacher.springs.outputs]])

    task = Task(
        name=name,
        network=network,
        nudge=ConductanceNudge(NUDGE, single_ended(network.outputs.size)),
        train=draw(6),
        test=draw(12),
        description=f"springs: 5x5 points, {network.edge_count} bonds, 6 motions of the rim, {signal} signal",
    )
    return CircuitTask(
        task, Recipe(cycles=240, gain=3.0, threshold=0.5, ratio=30.0, scale=30.0, signal=signal)
    )


def squared(seed: int = 0) -> CircuitTask:
    """Springs that learn from the square of their extension."""
    return springs(seed, "power", "springs")


def product(seed: int = 0) -> CircuitTask:
    """Springs that learn from their extension times the stress of a Maxwell unit."""
    return springs(seed, "product", "springs-product")


def strain(seed: int = 0) -> CircuitTask:
    """Springs that would learn from their extension alone, and don't: its sign varies with the sample."""
    return springs(seed, "strain", "springs-strain")

"""The one recipe by which layered circuits are made and trained, whatever the task.

Everything follows from the conductances: how strongly a hidden node is held by its inputs, where its diodes
begin to conduct, how high the inputs and rails are, how soft the nudge is.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from tcl_circuits.arrays import FloatArray
from tcl_circuits.checks import positive
from tcl_circuits.circuit.parts import THERMAL_VOLTAGE
from tcl_circuits.errors import InputError
from tcl_circuits.layered.circuit import Array, Diodes, HiddenLayer, LayeredCircuit, with_bias
from tcl_circuits.layered.solve import Batch, HiddenNodes, Solver

_KNEE = 43.0
"""S_h V_T/I: the diodes' saturation current is the load's current at V_T, divided by this."""
_MEASURED = 1000
"""Training images by which voltages are set."""


@dataclass(frozen=True)
class Recipe:
    """Settings of a run.

    Parameters
    ----------
    bounds : (float, float)
        Least and largest conductance [S].
    first, inner : (float, float)
        Range of the inputs' conductances at the start, and of those to the outputs [S].
    forward : float
        Voltage gain A. Only A B matters to the rest; smaller A makes larger signals at the inputs' edges.
    hold : float
        How strongly inputs hold a hidden node, ``S_1/(A B)``, in units of the conductances to the outputs.
    swing : float
        Root mean square of the hidden nodes' voltages without diodes, in units of their knee.
    softness : float
        T_m in units of the rails' voltage, the root mean square of the hidden nodes' voltages.
    nudge : float
        Conductance of the nudge, in units of the mean sum of conductances at an output.
    rate : float
        Root mean square step of a layer's conductances in the first batches [S].
    final_rate : float
        Share of the rate left at the end of a cosine decay.
    batch : int, optional
        Images in an update; by default a 70th of all, but 4 to 50.
    threshold : float
        theta in units of A_max/tau_s, A_max being the layer's largest contrast in recent batches.
    ratio : float
        tau_s/tau_f.
    segments : int
        Parts of each ramp.
    memory : int
        Batches that A_max looks back.
    scaled : int
        Batches from which a layer's scale of updates is taken.
    shift : int
        Most pixels by which training images are moved at random, in each direction; 0 leaves them alone.
    """

    bounds: tuple[float, float] = (1e-6, 1e-4)
    first: tuple[float, float] = (2e-6, 12e-6)
    inner: tuple[float, float] = (5e-6, 40e-6)
    forward: float = 30.0
    hold: float = 2.75
    swing: float = 1.5
    softness: float = 0.05
    nudge: float = 0.05
    rate: float = 0.8e-6
    final_rate: float = 0.02
    batch: int | None = None
    threshold: float = 1.5
    ratio: float = 300.0
    segments: int = 1
    memory: int = 50
    scaled: int = 8
    shift: int = 0

    def __post_init__(self) -> None:
        for name in ("forward", "hold", "swing", "softness", "nudge", "rate", "final_rate"):
            positive("recipe", name, getattr(self, name))
        for name in ("batch", "segments", "memory", "scaled"):
            if getattr(self, name) is not None and getattr(self, name) < 1:
                raise InputError(f"recipe: {name} = {getattr(self, name)} must be at least 1")
        if self.threshold < 0 or not self.ratio > 1 or self.shift < 0 or self.final_rate > 1:
            raise InputError(f"{self} needs threshold >= 0, ratio > 1, shift >= 0 and final_rate <= 1")
        low, high = self.bounds
        for name, (least, most) in (("first", self.first), ("inner", self.inner)):
            if not 0 < low <= least < most <= high:
                raise InputError(
                    f"recipe: {name} = {(least, most)} must be a range within bounds = {self.bounds} S"
                )

    def for_images(self, images: int) -> Recipe:
        """Return the recipe with its batch chosen for so many training images."""
        return replace(self, batch=self.batch or min(50, max(4, images // 70)))

    def describe(self) -> dict[str, Any]:
        """Names and values, as JSON has them."""
        return {name: list(v) if isinstance(v, tuple) else v for name, v in asdict(self).items()}


def make_circuit(
    x: Array,
    classes: int,
    hidden: int,
    seed: int,
    recipe: Recipe,
    solver: Solver,
    precision: type = np.float32,
) -> LayeredCircuit:
    """Make an untrained circuit for images like those given.

    Parameters
    ----------
    x : ndarray of shape (images, pixels)
        Training images, the first thousand of which set voltages.
    classes : int
        Classes.
    hidden : int
        Hidden nodes; 0 lets the inputs drive the outputs.
    seed : int
        Seed of the conductances.
    recipe : Recipe
        Settings.
    solver : Solver
        Finds voltages at rest.
    precision : type
        Of the conductances.
    """
    if hidden < 0:
        raise InputError(f"hidden = {hidden} must not be negative")
    rng = np.random.default_rng([seed, 0])
    shown = with_bias(x[:_MEASURED])
    nodes = hidden or 2 * classes
    plus: Array
    minus: Array
    plus, minus = (rng.uniform(*recipe.first, (shown.shape[1], nodes)).astype(precision) for _ in range(2))
    bare = LayeredCircuit(plus, minus, 1.0, 1.0)
    if hidden == 0:
        # Linear: only voltages in units of T_m matter, which outputs reach at the start.
        return replace(bare, temperature=_rms(bare.currents(shown) / bare.first_load)).check()
    inner: Array = rng.uniform(*recipe.inner, (hidden + 2, 2 * classes)).astype(precision)
    return _with_hidden(bare, inner, shown, recipe, solver).check()


def _with_hidden(
    bare: LayeredCircuit, inner: Array, shown: Array, recipe: Recipe, solver: Solver
) -> LayeredCircuit:
    """Choose gains, diodes and voltages for the conductances."""
    beyond = float(np.sum(inner[:-2], axis=1, dtype=np.float64).mean())
    back = float(bare.first_load.mean()) / (recipe.hold * beyond) / recipe.forward
    load = (1 + recipe.hold) * beyond
    diodes = Diodes(load * THERMAL_VOLTAGE / _KNEE)
    layer = HiddenLayer(inner, recipe.forward, back, diodes, rail=0.0)
    circuit = replace(bare, hidden=layer)
    open_circuit = circuit.currents(shown) / back / HiddenNodes.of(circuit, layer).load
    knee = THERMAL_VOLTAGE * float(np.arcsinh(_KNEE / 2))
    circuit = replace(circuit, volts=recipe.swing * knee / _rms(open_circuit))
    batch = Batch(circuit, circuit.currents(shown), np.zeros(len(shown), np.int64))
    rail = _rms(solver.settle(batch, 0.0).high)
    return replace(circuit, temperature=recipe.softness * rail, hidden=replace(layer, rail=rail))


def nudge_conductance(circuit: LayeredCircuit, recipe: Recipe) -> float:
    """Conductance of the nudge at full strength [S]."""
    return recipe.nudge * float(circuit.output_load.mean())


def _rms(values: FloatArray) -> float:
    found = float(np.sqrt(np.mean(values**2)))
    if not found > 0:
        raise InputError("the training images leave every node at 0 V; are they all dark?")
    return found

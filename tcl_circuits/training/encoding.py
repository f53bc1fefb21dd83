"""Between a user's table and voltages: how features become inputs, and outputs become an answer.

Features are standardised by the training rows, limited to what a rail lets through, and scaled to volts;
output values are read as classes (softmax of their voltages) or as a value in the target's unit. A run
keeps its encoding as ``encoding.json``, so that a trained network can be asked about new rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

import numpy as np

from tcl_circuits.arrays import FloatArray, IntArray
from tcl_circuits.circuit.network import Network
from tcl_circuits.circuit.nudge import OutputMap, softmax
from tcl_circuits.errors import InputError
from tcl_circuits.json_entry import Entry

Form = Literal["signed", "biased", "plain"]
"""Inputs of a row x: [+x, -x, +1, -1], [x, +1] or x alone."""

FILE = "encoding.json"
FEATURE_VOLTS = 0.5
TARGET_VOLTS = 0.1
RAIL = 4.0


@dataclass(frozen=True)
class Classes:
    """Output values as classes.

    Parameters
    ----------
    names : tuple of str
        The classes, in the order of the output values.
    temperature : float
        T_m of the softmax [V].
    """

    names: tuple[str, ...]
    temperature: float

    @property
    def classes(self) -> tuple[str, ...] | None:
        """Names of the classes."""
        return self.names

    def targets(self, target: FloatArray | IntArray) -> FloatArray:
        """One-hot targets (rows, classes) of the places of classes (rows,)."""
        return np.eye(len(self.names))[target.astype(np.int64)]

    def probabilities(self, y: FloatArray) -> FloatArray:
        """Softmax of the output values, shape (rows, classes)."""
        return softmax(y, self.temperature)

    def columns(self, y: FloatArray) -> dict[str, list[Any]]:
        """As :meth:`Encoding.columns`."""
        shares = self.probabilities(y)
        found: dict[str, list[Any]] = {"prediction": [self.names[k] for k in y.argmax(axis=1).tolist()]}
        return found | {f"probability {name}": shares[:, k].tolist() for k, name in enumerate(self.names)}

    def as_json(self) -> dict[str, Any]:
        """Members of ``encoding.json``."""
        return {"classes": asdict(self)}


@dataclass(frozen=True)
class Values:
    """An output value as a number in the target's unit: ``mean + y scale/volts``.

    Parameters
    ----------
    mean, scale : float
        Mean and standard deviation of the target in the training rows, in its unit.
    volts : float
        Output voltage of a standard deviation [V].
    """

    mean: float
    scale: float
    volts: float

    @property
    def classes(self) -> tuple[str, ...] | None:
        """None: the answer is a value."""
        return None

    def targets(self, target: FloatArray | IntArray) -> FloatArray:
        """Target voltages (rows, 1) of values (rows,) in their unit [V]."""
        return self.volts * ((target.astype(np.float64) - self.mean) / self.scale)[:, None]

    def values(self, y: FloatArray) -> FloatArray:
        """Values (rows,) in the target's unit, of output values (rows, 1) [V]."""
        return self.mean + y[:, 0] * self.scale / self.volts

    def columns(self, y: FloatArray) -> dict[str, list[Any]]:
        """As :meth:`Encoding.columns`."""
        return {"prediction": self.values(y).tolist()}

    def as_json(self) -> dict[str, Any]:
        """Members of ``encoding.json``."""
        return {"values": asdict(self)}


@dataclass(frozen=True, eq=False)
class Encoding:
    """How rows of a table become input voltages, and output voltages an answer.

    Parameters
    ----------
    features : tuple of str
        The columns, in the order of the inputs.
    mean, scale : ndarray of shape (features,)
        Of the training rows, in the units of the table.
    rail : float
        Largest magnitude of a standardised feature that is passed on.
    volts : float
        Voltage of one standard deviation, and of the constant inputs [V].
    form : {"signed", "biased", "plain"}
        Inputs of a row, see :data:`Form`.
    target : str
        The column that is learned.
    outputs : OutputMap
        How output values are read from the network's outputs.
    answer : Classes or Values
        What the output values mean.
    """

    features: tuple[str, ...]
    mean: FloatArray
    scale: FloatArray
    rail: float
    volts: float
    form: Form
    target: str
    outputs: OutputMap
    answer: Classes | Values

    def inputs(self, rows: FloatArray) -> FloatArray:
        """Input voltages of rows of features.

        Parameters
        ----------
        rows : ndarray of shape (rows, features)
            In the units of the table.

        Returns
        -------
        ndarray of shape (rows, inputs)
            Volts.

        Raises
        ------
        InputError
            If the rows have another number of columns, or hold NaN or infinity.
        """
        if rows.ndim != 2 or rows.shape[1] != len(self.features):
            raise InputError(
                f"rows of shape {rows.shape} given for {len(self.features)} features: "
                f"{', '.join(self.features)}"
            )
        bad = np.argwhere(~np.isfinite(rows))
        if bad.size:
            row, column = bad[0].tolist()
            raise InputError(f"row {row}: {self.features[column]} = {rows[row, column]} is no finite number")
        x = np.clip((rows - self.mean) / self.scale, -self.rail, self.rail)
        ones = np.ones((len(x), 1))
        parts = {"signed": [x, -x, ones, -ones], "biased": [x, ones], "plain": [x]}[self.form]
        return self.volts * np.hstack(parts)

    def values(self, network: Network, voltages: FloatArray) -> FloatArray:
        """Output values y (rows, values) of node voltages (rows, nodes) [V]."""
        return self.outputs.values(voltages[:, network.outputs])

    def columns(self, y: FloatArray) -> dict[str, list[Any]]:
        """The answer for each row: ``prediction``, and for classes the probability of each.

        Parameters
        ----------
        y : ndarray of shape (rows, values)
            Output values [V].
        """
        return self.answer.columns(y)

    def as_json(self) -> dict[str, Any]:
        """What ``encoding.json`` holds."""
        return {
            "features": list(self.features),
            "mean": self.mean.tolist(),
            "scale": self.scale.tolist(),
            "rail": self.rail,
            "volts": self.volts,
            "form": self.form,
            "target": self.target,
            "outputs": asdict(self.outputs),
            **self.answer.as_json(),
        }

    @classmethod
    def of_entry(cls, entry: Entry) -> Encoding:
        """Read what :meth:`as_json` gives.

        Raises
        ------
        InputError
            With file, place and value, if it is something else.
        """
        names = _texts(entry.at("features"))
        scale = entry.at("scale").numbers(len(names))
        if not np.all(scale > 0):
            raise entry.at("scale").fault("a list of positive numbers")
        outputs = entry.at("outputs")
        minus = outputs.at("minus")
        plus = _places(outputs.at("plus"))
        answer: Classes | Values
        if entry.has("classes"):
            classes = entry.at("classes")
            answer = Classes(_texts(classes.at("names")), _positive(classes.at("temperature")))
            if len(answer.names) != len(plus):
                raise classes.at("names").fault(f"a list of {len(plus)} names")
        else:
            values = entry.at("values")
            answer = Values(
                values.at("mean").number(), _positive(values.at("scale")), _positive(values.at("volts"))
            )
        form: Any = entry.at("form").one_of(get_args(Form))
        return cls(
            features=names,
            mean=entry.at("mean").numbers(len(names)),
            scale=scale,
            rail=_positive(entry.at("rail")),
            volts=_positive(entry.at("volts")),
            form=form,
            target=entry.at("target").text(),
            outputs=OutputMap(plus, None if minus.value is None else _places(minus, len(plus))),
            answer=answer,
        )

    def check(self, network: Network) -> None:
        """Raise an InputError unless the encoding fits the network's inputs and outputs."""
        wanted = {"signed": 2 * len(self.features) + 2, "biased": len(self.features) + 1}
        inputs = wanted.get(self.form, len(self.features))
        places = (*self.outputs.plus, *(self.outputs.minus or ()))
        if network.inputs.size != inputs or max(places) >= network.outputs.size:
            raise InputError(
                f"{FILE} asks for {inputs} inputs and {max(places) + 1} outputs, the network has "
                f"{network.inputs.size} and {network.outputs.size}; both must be of one run"
            )


def form_for(network: Network, features: int) -> Form:
    """The form of inputs that a network takes of a number of features.

    Raises
    ------
    InputError
        If it takes none.
    """
    count = network.inputs.size
    forms: dict[int, Form] = {2 * features + 2: "signed", features + 1: "biased", features: "plain"}
    if count not in forms:
        raise InputError(
            f"the network has {count} inputs; {features} features need {2 * features + 2} (+x, -x, +1, -1), "
            f"{features + 1} (x, +1) or {features} (x)"
        )
    return forms[count]


def _texts(entry: Entry) -> tuple[str, ...]:
    found = tuple(one.text() for one in entry.items())
    if not found or len(set(found)) < len(found):
        raise entry.fault("a list of names, each once")
    return found


def _places(entry: Entry, count: int | None = None) -> tuple[int, ...]:
    found: Sequence[int] = [one.whole(0, 10**6) for one in entry.items()]
    if not found or count not in (None, len(found)):
        raise entry.fault("a list of places" if count is None else f"a list of {count} places")
    return tuple(found)


def _positive(entry: Entry) -> float:
    found = entry.number()
    if not found > 0:
        raise entry.fault("a positive number")
    return found

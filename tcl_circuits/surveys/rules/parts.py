"""One specimen of a circuit: every edge's own parts, drawn once from the seed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tcl_circuits.arrays import FloatArray
from tcl_circuits.surveys.imperfections import FULL_SCALE, Imperfections

_MOST_ASYMMETRIC = 0.95


@dataclass(frozen=True, eq=False)
class Parts:
    """Parts of the edges of one specimen; each an array of shape (edges,).

    Parameters
    ----------
    conductance, capacitance, resistance, threshold, gain, twin : ndarray
        Factors on the nominal values; `twin` on a twin network's conductances.
    asymmetry : ndarray
        Writes upwards are larger by this share, writes downwards smaller.
    input_offset : ndarray
        Offset of the kernel output [share of A_max C/tau_f].
    static_offset : ndarray
        Offset between two values acquired separately [V^2].
    reference_offset : ndarray
        Offset of a multiplier's reference [share of its amplitude].
    """

    conductance: FloatArray
    capacitance: FloatArray
    resistance: FloatArray
    threshold: FloatArray
    gain: FloatArray
    twin: FloatArray
    asymmetry: FloatArray
    input_offset: FloatArray
    static_offset: FloatArray
    reference_offset: FloatArray

    @classmethod
    def draw(cls, of: Imperfections, edges: int, seed: int) -> Parts:
        """Draw a specimen; each kind of part has a stream of its own, so that one does not move another."""

        def normal(stream: int) -> FloatArray:
            return np.random.default_rng([seed, 20, stream]).standard_normal(edges)

        def factors(stream: int, spread: float) -> FloatArray:
            width = np.sqrt(np.log1p(spread * spread))
            result: FloatArray = np.exp(width * normal(stream) - 0.5 * width * width)
            return result

        return cls(
            conductance=factors(0, of.conductance_spread),
            capacitance=factors(1, of.capacitance_spread),
            resistance=factors(2, of.resistance_spread),
            threshold=factors(3, of.threshold_spread),
            gain=factors(4, of.gain_spread),
            twin=factors(5, of.twin_mismatch),
            asymmetry=np.clip(of.asymmetry * normal(6), -_MOST_ASYMMETRIC, _MOST_ASYMMETRIC),
            input_offset=of.input_offset * normal(7),
            static_offset=FULL_SCALE * of.static_offset * normal(8),
            reference_offset=of.static_offset * normal(9),
        )

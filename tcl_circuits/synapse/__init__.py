"""One synapse: the theory in closed form (Figs. 4, 5, 6 and 8, Eqs. 17-25 and Appendix C of the paper)."""

from tcl_circuits.rule import ideal_contrast
from tcl_circuits.synapse.autoregulation import NegativeAutoregulation
from tcl_circuits.synapse.cost import (
    Cost,
    CostModel,
    Hardware,
    LocalMemory,
    NetworkSize,
    SharedMemory,
    TemporalContrast,
    TwinCircuits,
    sawtooth_for,
)
from tcl_circuits.synapse.curve import (
    UpdateCurve,
    dynamic_range,
    dynamic_range_by_onset,
    offset,
    offset_by_onset,
    update_curve,
)
from tcl_circuits.synapse.feedback import CapacitorMemristor, FeedbackSystem, IntegralFeedback, MaxwellUnit
from tcl_circuits.synapse.ladder_offset import LineOffset
from tcl_circuits.synapse.markov import Ladder, ladder_kernels
from tcl_circuits.synapse.quasistatic import (
    AreaLimits,
    area_limits,
    optimal_threshold,
    published_threshold,
    quasistatic_offset,
    quasistatic_response,
    quasistatic_update,
    separable,
    threshold_bounds,
)
from tcl_circuits.synapse.response import response
from tcl_circuits.synapse.signal import Dimers, PiecewiseLinear, Signal
from tcl_circuits.synapse.trajectory import Plasticity, Trajectory
from tcl_circuits.synapse.update import Synapse, weight_update

__all__ = [
    "AreaLimits",
    "CapacitorMemristor",
    "Cost",
    "CostModel",
    "Dimers",
    "FeedbackSystem",
    "Hardware",
    "IntegralFeedback",
    "Ladder",
    "LineOffset",
    "LocalMemory",
    "MaxwellUnit",
    "NegativeAutoregulation",
    "NetworkSize",
    "PiecewiseLinear",
    "Plasticity",
    "SharedMemory",
    "Signal",
    "Synapse",
    "TemporalContrast",
    "Trajectory",
    "TwinCircuits",
    "UpdateCurve",
    "area_limits",
    "dynamic_range",
    "dynamic_range_by_onset",
    "ideal_contrast",
    "ladder_kernels",
    "offset",
    "offset_by_onset",
    "optimal_threshold",
    "published_threshold",
    "quasistatic_offset",
    "quasistatic_response",
    "quasistatic_update",
    "response",
    "sawtooth_for",
    "separable",
    "threshold_bounds",
    "update_curve",
    "weight_update",
]

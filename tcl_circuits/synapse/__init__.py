"""One synapse: the theory in closed form (Figs. 4, 5 and 8 of the paper)."""

from tcl_circuits.rule import ideal_contrast
from tcl_circuits.synapse.curve import (
    UpdateCurve,
    dynamic_range,
    dynamic_range_by_onset,
    offset,
    offset_by_onset,
    update_curve,
)
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
from tcl_circuits.synapse.update import Synapse, weight_update

__all__ = [
    "AreaLimits",
    "Synapse",
    "UpdateCurve",
    "area_limits",
    "dynamic_range",
    "dynamic_range_by_onset",
    "ideal_contrast",
    "offset",
    "offset_by_onset",
    "optimal_threshold",
    "published_threshold",
    "quasistatic_offset",
    "quasistatic_response",
    "quasistatic_update",
    "response",
    "separable",
    "threshold_bounds",
    "update_curve",
    "weight_update",
]

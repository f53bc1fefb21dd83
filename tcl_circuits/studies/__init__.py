"""The paper's figures as tables: what is sampled, and how each point is computed."""

from tcl_circuits.studies.base import Study, StudyResult, all_cores, run_study
from tcl_circuits.studies.dissipation import DissipationStudy
from tcl_circuits.studies.protocols import DynamicRangeStudy, OffsetStudy, Sampling
from tcl_circuits.studies.single import ShortRampStudy, UpdateCurveStudy

STUDIES: dict[str, Study] = {
    "4b": UpdateCurveStudy("4b"),
    "4c": DynamicRangeStudy(),
    "5b": UpdateCurveStudy("5b", area=0.05, mean=25.0),
    "5c": OffsetStudy(),
    "6b": DissipationStudy(),
    "8": ShortRampStudy(),
}
"""The figures by number."""

__all__ = [
    "STUDIES",
    "DissipationStudy",
    "DynamicRangeStudy",
    "OffsetStudy",
    "Sampling",
    "ShortRampStudy",
    "Study",
    "StudyResult",
    "UpdateCurveStudy",
    "all_cores",
    "run_study",
]

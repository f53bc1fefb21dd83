"""The EP network of Appendix D in NumPy, trained by the temporal rule and by its rivals."""

from tcl_circuits.ep import data
from tcl_circuits.ep.network import Network
from tcl_circuits.ep.rules import RULES
from tcl_circuits.ep.settings import PRESETS, Settings
from tcl_circuits.ep.trainer import Trained, Trainer, train

__all__ = ["PRESETS", "RULES", "Network", "Settings", "Trained", "Trainer", "data", "train"]

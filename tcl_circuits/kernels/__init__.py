"""Memory kernels K(t): u(t) is the convolution of K with the signal s (Eq. 3)."""

from tcl_circuits.kernels.base import Kernel
from tcl_circuits.kernels.exponential import ExponentialKernel, exponentials
from tcl_circuits.kernels.rc import RCKernel, rc
from tcl_circuits.kernels.shapes import chemotaxis, integral_feedback, maxwell, sine
from tcl_circuits.kernels.table import TabulatedKernel, tabulated

__all__ = [
    "ExponentialKernel",
    "Kernel",
    "RCKernel",
    "TabulatedKernel",
    "chemotaxis",
    "exponentials",
    "integral_feedback",
    "maxwell",
    "rc",
    "sine",
    "tabulated",
]

"""How far ngspice is from theory: one edge against Eq. 25, a lattice against the exact engine and Eq. 25."""

import networkx as nx
import numpy as np

import tcl_circuits as tcl
from tcl_circuits.arrays import FloatArray
from tcl_circuits.figures.comparison import draw_comparison, save

saw = tcl.Sawtooth(tau_f=10e-6, tau_s=1e-3)
spice, exact = tcl.engines.Ngspice(reltol=1e-7), tcl.engines.Reference(resolution=4)
kernel = tcl.kernels.rc(r=1e6, c=1e-12)  # tau_K = 1 us


def percent(found: FloatArray, wanted: FloatArray) -> float:
    """Largest difference in percent of the largest wanted value."""
    return float(100 * np.abs(found - wanted).max() / np.abs(wanted).max())


# One edge with the sawtooth itself, 1 V high, across it: u is the kernel's answer to it, Eq. 25.
edge = tcl.Network.from_graph(nx.path_graph(2), inputs=[0], ground=1, conductance=1e-6)
times, volts = saw.breakpoints
for name, cell in ("series", tcl.SeriesCell(c=1e-12)), ("linear sense", tcl.SenseCell("linear", c=1e-12)):
    waves = tcl.simulate(edge, cell, saw, tcl.Drive.ramps(times, volts[None]), engine=spice)
    time, u = waves["time"].to_numpy(), waves["u"].to_numpy()
    # u lags by tau_K: when the rise ends, tau_K u of the charge C A is still to come.
    rise, all_of_u = time <= saw.tau_f, tcl.HardThreshold(0)
    charge = tcl.update_integral(time[rise], u[:, rise], all_of_u)[0] + kernel.tau * u[0, rise][-1]
    error = percent(u[0], kernel.response(time, saw.values(time)))
    print(f"one {name} cell: u within {error:.3f} % of Eq. 25, charge of the rise = {charge / 1e-12:.5f} C A")

# A lattice of 6 x 6 nodes: three nudged outputs, linear sense cells that load the network.
task, cell = tcl.tasks.load("allostery", seed=0), tcl.SenseCell("linear", c=1e-12)
drive = task.present(task.train, np.array([0]), cell, saw)
first, second = (tcl.simulate(task.network, cell, saw, drive, engine=engine) for engine in (exact, spice))
time, u, s = (second[name].to_numpy() for name in ("time", "u", "signal"))
wanted = np.array([np.interp(time, first["time"], row) for row in first["u"].to_numpy()])
print(f"lattice of {len(u)} edges: u within {percent(u, wanted):.3f} % of the exact engine,")
print(f"  within {percent(u, kernel.response(time, s)):.3f} % of Eq. 25 on ngspice's own voltages")

# What counts in the end is the update: the charge of each edge above the threshold.
gate = tcl.HardThreshold(2 * 1e-12 * (s.max(axis=1) - s.min(axis=1)).max() / saw.tau_s)
a, b = (-tcl.update_integral(w["time"].to_numpy(), w["u"].to_numpy(), gate) for w in (first, second))
print(f"  update vectors: cosine {a @ b / np.linalg.norm(a) / np.linalg.norm(b):.6f}")
save(draw_comparison(first, second, (a, b), ("exact", "ngspice"), "C"), "ngspice_against_theory.png")
print("picture: ngspice_against_theory.png")
spice.close()

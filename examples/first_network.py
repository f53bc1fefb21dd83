"""A first network: one training cycle of a small lattice in ngspice, and what its edges would learn."""

import networkx as nx

import tcl_circuits as tcl

graph = nx.grid_2d_graph(3, 3)  # any networkx graph will do
network = tcl.Network.from_graph(graph, inputs=[(0, 0), (2, 2)], outputs=[(1, 1)], seed=0)
cell, saw = tcl.SenseCell(signal="power"), tcl.Sawtooth(tau_f=10e-6, tau_s=1e-3)

# 1 V and 0 V at the inputs; the nudge pulls the output towards 0.8 V, fast, and releases it slowly.
drive = tcl.Drive.hold([1.0, 0.0], tcl.ConductanceNudge(10e-6, tcl.single_ended(1)), targets=[0.8])
waves = tcl.simulate(network, cell, saw, drive, engine=tcl.engines.Ngspice())

# Above the threshold theta the kernel output u remembers the fast ramp alone; its charge is the update.
u, s = waves["u"].to_numpy(), waves["signal"].to_numpy()
theta = 2 * cell.c * (s.max(axis=1) - s.min(axis=1)).max() / saw.tau_s
charge = tcl.update_integral(waves["time"].to_numpy(), u, tcl.HardThreshold(theta))

v = waves["voltage"].sel(node="(1, 1)")
print(f"output (1, 1): {v.values[0]:.3f} V free, {v.values.max():.3f} V nudged, target 0.8 V")
for edge, q in zip(waves["edge"].to_numpy(), charge, strict=True):
    change = "fall" if q > 0 else "rise" if q < 0 else "stay"
    print(f"{edge}: charge {1e15 * q:+6.2f} fC, so its conductance should {change}")

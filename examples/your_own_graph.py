"""Your own graph: nodes with names, parallel edges, your own samples; trained in ngspice to two targets."""

import networkx as nx
import numpy as np

import tcl_circuits as tcl

# A water works as a circuit: voltage is pressure, conductance is the width of a pipe.
pipes = [("spring", "mill"), ("spring", "mill"), ("spring", "town"), ("lake", "town"), ("lake", "mill")]
pipes += [("mill", "bridge"), ("mill", "bridge"), ("bridge", "town"), ("bridge", "sea"), ("town", "sea")]
graph = nx.from_edgelist(pipes, nx.MultiGraph)  # a MultiGraph keeps pipes that lie side by side
network = tcl.Network.from_graph(
    graph, inputs=["spring", "lake"], outputs=["mill", "town"], ground="sea", seed=1
)
network.check()  # would list every fault of the network at once

# What it shall do: mill = 0.5 spring + 0.1 lake, town = 0.2 spring + 0.4 lake.
volts = np.array([[1.0, 0.2], [0.2, 1.0], [1.0, 1.0], [0.7, 0.4]])
samples = tcl.tasks.Samples(volts, volts @ np.array([[0.5, 0.2], [0.1, 0.4]]))
task = tcl.tasks.Task(
    name="water works",
    network=network,
    nudge=tcl.ConductanceNudge(10e-6, tcl.single_ended(2)),  # about as wide as a typical pipe
    train=samples,
    test=samples,
    recipe=tcl.tasks.Recipe(epochs=60, batch=1, rate=2e-6, chirp=True),  # rate: a typical step, in S
)

engine = tcl.engines.Ngspice()  # tcl.engines.Reference() is the exact solution in NumPy
trainer = tcl.Trainer(network, tcl.SenseCell(), tcl.Sawtooth(10e-6, 1e-3), engine)
history = trainer.fit(task)

for word, state in (("before", network), ("after", trainer.network)):
    outputs = task.outputs(engine.settle(state, trainer.cell, volts))
    print(f"{word}: largest error {1e3 * np.abs(outputs - samples.targets).max():.1f} mV")
print(f"loss {history['loss'].iloc[0]:.2e} -> {history['loss'].iloc[-1]:.2e} V2 in {len(history) - 1} epochs")
for edge, old, new in zip(network.edge_labels, network.conductance, trainer.network.conductance, strict=True):
    print(f"  {edge:16} {1e6 * old:6.2f} -> {1e6 * new:6.2f} uS")
engine.close()

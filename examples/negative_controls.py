"""What does not learn: the raw voltage as a signal, and the literal series cell with an ordinary nudge."""

from dataclasses import replace

import numpy as np

import tcl_circuits as tcl

saw = tcl.Sawtooth(tau_f=10e-6, tau_s=1e-3)
engine = tcl.engines.Reference(resolution=0.5)  # half as many time points as usual: enough here


def factors(task: tcl.tasks.Task, cell: tcl.SenseCell | tcl.SeriesCell, epochs: int) -> tuple[float, float]:
    """By how much training divides the loss: at its best epoch, and in the end. Below 1 it has grown."""
    loss = tcl.Trainer(task.network, cell, saw, engine, rule="tcl", seed=0).fit(task, epochs)["loss"]
    return loss.iloc[0] / loss.min(), loss.iloc[0] / loss.iloc[-1]


# 1. Thirty samples, three outputs. The contrast of s = dV^2/2 is the gradient of the loss. That of s = dV is
#    the gradient divided by dV: its sign is right only where dV > 0, and samples make it change sign.
task = tcl.tasks.load("allostery", seed=0)
print(f"{task.description}, 12 epochs")
for signal in ("power", "linear"):
    best, last = factors(task, tcl.SenseCell(signal), epochs=12)
    print(f"  {signal:6} signal: error / {last:.3g}, at best / {best:.3g}")

# 2. One sample, and every edge turned so that dV > 0: now the linear signal learns, too. The series cell
#    senses the same dV. But on slow ramps its network is a capacitive divider, whatever the conductances:
#    the nudge pulls on an error that training does not change, and goes on pulling. What the conductances
#    do, the resistive divider (the response to a step, where the error is measured), gets worse.
print("4x4 lattice, one sample, targets 0.1 V from the outputs, 60 epochs")
volts = np.array([[1.0, 0.0]])
for seed in range(2):
    network = tcl.lattice(4, 4, [(0, 0), (3, 3)], [(1, 2), (2, 1)], diagonals=5, seed=seed)
    free = engine.settle(network, tcl.SenseCell(), volts)
    uphill = network.drops(free)[0] < 0
    network = replace(network, edges=np.where(uphill[:, None], network.edges[:, ::-1], network.edges))
    samples = tcl.tasks.Samples(volts, free[:, network.outputs] + [0.1, -0.1])
    task = tcl.tasks.Task(
        name="one sample",
        network=network,
        nudge=tcl.ConductanceNudge(10e-6, tcl.single_ended(2)),
        train=samples,
        test=samples,
        recipe=tcl.tasks.Recipe(epochs=60, batch=1, rate=1e-6),
    )
    _, sense = factors(task, tcl.SenseCell("linear"), epochs=60)
    _, series = factors(task, tcl.SeriesCell(), epochs=60)
    print(f"  seed {seed}: linear sense cell: error / {sense:.0f}, series cell: error x {1 / series:.0f}")

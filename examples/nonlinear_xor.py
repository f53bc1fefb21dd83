"""Exclusive or: no linear network learns it, a layer of hidden nodes with diode pairs does."""

from dataclasses import replace

import tcl_circuits as tcl

saw, cell = tcl.Sawtooth(tau_f=10e-6, tau_s=1e-3), tcl.SenseCell()
task = tcl.tasks.load("xor", seed=0)
print(task.description)

# The same network with its diodes and without them. Only the nodes differ: the edges stay conductances.
bare = replace(task.network, parts=())
for name, network in (("with diode pairs", task.network), ("without", bare)):
    with tcl.engines.Reference() as engine:
        trainer = tcl.Trainer(network, cell, saw, engine, rule="tcl", seed=0)
        history = trainer.fit(replace(task, network=network), epochs=50)
    right = history["test_accuracy"].iloc[-1]
    print(f"  {name}: error / {history['loss'].iloc[0] / history['loss'].iloc[-1]:.3g}, {right:.0%} right")
    if network.parts:
        trained = trainer.network

# The trained circuit in ngspice, with real D models.
with tcl.engines.Ngspice() as ngspice:
    found = task.outputs(ngspice.settle(trained, cell, task.test.inputs))
for volts, y, wanted in zip(task.test.inputs, found[:, 0], task.test.targets[:, 0], strict=True):
    asked = f"{1e3 * wanted:+.0f} mV wanted"
    print(f"  x = {volts[0]:+.0f} V, {volts[2]:+.0f} V: y = {1e3 * y:+.1f} mV in ngspice, {asked}")

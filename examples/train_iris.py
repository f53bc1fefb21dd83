"""Iris in ngspice: a network of 60 edges learns to tell three species of iris from local currents alone."""

import tcl_circuits as tcl

task = tcl.tasks.load("iris", seed=0)  # 100 flowers to learn from, 50 held out
engine = tcl.engines.Ngspice(workers=2)  # two ngspice processes share the samples of a batch
trainer = tcl.Trainer(task.network, tcl.SenseCell(), tcl.Sawtooth(10e-6, 1e-3), engine, rule="tcl", seed=0)
print(f"{task.description}; {len(task.train)} flowers, {task.network.edge_count} edges, rule tcl")

history = trainer.fit(task, epochs=8)
engine.close()

for epoch, loss, accuracy in history[["epoch", "loss", "test_accuracy"]].to_numpy().tolist():
    print(f"epoch {epoch:.0f}: loss {loss:.3f}, test accuracy {accuracy:.0%}")
reached, baseline = history["test_accuracy"].iloc[-1], task.baseline
assert baseline is not None
print(f"network {reached:.0%}, {baseline.name} {baseline.accuracy:.0%} on the 50 flowers held out")

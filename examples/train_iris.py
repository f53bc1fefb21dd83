"""Iris in ngspice: a network of 60 edges learns to tell three species of iris from local currents alone."""

import tcl_circuits as tcl

task = tcl.tasks.load("iris", seed=0)  # 100 flowers to learn from, 50 held out
engine = tcl.engines.Ngspice(workers=2)  # two ngspice processes share the samples of a batch
trainer = tcl.Trainer(task.network, tcl.SenseCell(), tcl.Sawtooth(10e-6, 1e-3), engine, rule="tcl", seed=0)
print(f"{task.description}; {len(task.train)} flowers, {task.network.edge_count} edges, rule tcl")

history = trainer.fit(task, epochs=8)
engine.close()

for row in history.itertuples():
    print(f"epoch {row.epoch}: loss {row.loss:.3f}, test accuracy {100 * row.test_accuracy:.0f} %")
baseline = task.baseline
assert baseline is not None
assert baseline.accuracy is not None
print(f"network {100 * history['test_accuracy'].iloc[-1]:.0f} %, {baseline.name} {100 * baseline.accuracy:.0f} %")

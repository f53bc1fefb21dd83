"""Digits of 8 x 8 pixels on a layered circuit with diodes, trained by TCL, and once more in ngspice."""

from tcl_circuits.engines import Ngspice
from tcl_circuits.ep.data import digits_8x8
from tcl_circuits.layered.circuit import with_bias
from tcl_circuits.layered.netlist import BareCell, Laid
from tcl_circuits.layered.trainer import Trainer

data = digits_8x8(seed=0)  # 1,400 images to learn from, 397 held out
trainer = Trainer(data, hidden=50, rule="tcl", seed=0)
history = trainer.fit(epochs=15)
reached = history["test_accuracy"].iloc[-1]
print(f"{trainer.circuit.edges} conductances, {trainer.circuit.hidden_nodes} hidden nodes with diodes")
print(f"test accuracy {history['test_accuracy'].iloc[0]:.0%} before, {reached:.1%} after 15 epochs")

# Inputs hold their voltages: one Thevenin source for each hidden node stands for all of them, exactly.
folded, images = Laid.folded(trainer.circuit), data.test_x[:20]
with Ngspice() as engine:
    outputs = folded.outputs(engine.settle(folded.network, BareCell(), folded.volts(with_bias(images))))
values = outputs[:, : data.classes] - outputs[:, data.classes :]
agreed = (values.argmax(axis=1) == trainer.predict(images)).sum()
print(f"ngspice, {folded.network.edge_count} edges: the same class for {agreed} of {len(images)} images")

"""Memristors: the pinched loop of each model, and what one programming pulse does to it."""

from dataclasses import replace

import numpy as np

import tcl_circuits as tcl

for name in tcl.memristors.MODELS:
    model = tcl.memristors.named_memristor(name)
    areas = []
    for factor in (1, 3, 10):
        sine = replace(model.test, frequency=factor * model.test.frequency)
        loop = tcl.memristors.measure_loop(tcl.memristors.simulate_device(model, sine), sine)
        areas.append(abs(loop.positive_lobe) + abs(loop.negative_lobe))
    shares = " ".join(f"{area / areas[0]:.3f}" for area in areas)
    print(f"{name:20} {model.test.amplitude:g} V, {model.test.frequency:g} Hz; lobes at f, 3f, 10f: {shares}")

# A device as an update law: 1 % of the range up, then down, from three places.
device = tcl.memristors.Yakopcic()
law = tcl.memristors.PulseLaw(device, up=0.45, down=-0.45)
low, high = device.conductances
start = low + (high - low) * np.array([0.1, 0.5, 0.9])
step = 0.01 * (high - low)
for sign, word in ((1, "up"), (-1, "down")):
    written = (law(start, sign * step) - start) / step
    print(f"yakopcic, {word}: " + " ".join(f"{one:+.3f}" for one in written) + " of what was wanted")

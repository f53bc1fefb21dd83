"""One synapse in closed form: what a cycle teaches it, over what range of amplitudes, and at what price."""

import numpy as np

import tcl_circuits as tcl

saw = tcl.Sawtooth(tau_f=2.0, tau_s=10.0)  # any unit of time: here that of the paper's Fig. 4
kernel = tcl.kernels.chemotaxis(tau_k=0.05)
print(f"kernel: area {kernel.area:g}, first moment {kernel.first_moment:g}")

t = np.array([0.1, 0.5, 2.1, 5.0])
print("u(t):", tcl.synapse.response(kernel, saw, amplitude=10.0, t=t))

# A threshold of 3 drops the slow ramp up to A = 30 and lets the fast one pass from A = 6 on.
for amplitude in (5.0, 8.0, 15.0, 25.0, 35.0):
    update = tcl.synapse.weight_update(kernel, saw, amplitude=amplitude, threshold=3.0)
    print(f"contrast {amplitude:4.0f}: update {update:8.4f}")
dynamic_range = tcl.synapse.dynamic_range_by_onset(kernel, saw, amplitude_max=30.0)
print(f"dynamic range {dynamic_range:.4f}, limit tau_s/tau_f = {saw.ratio:g}")

# A leaky capacitor gives the circuit's kernel an area: the update is then off by I tau_f mean(s).
for leak in (None, 200.0):
    branch = tcl.kernels.rc(r=1.0, c=1.0, leak=leak)
    off = tcl.synapse.quasistatic_offset(branch, saw, mean=25.0)
    print(f"C-R branch, leak {leak}: area {branch.area:.5f}, offset {off:.3f}")

# A reversible Markov ladder pays for a small area with dissipation.
for gamma in (0.1, 0.01, 1e-4):
    ladder = tcl.synapse.Ladder(gamma=gamma, rate_factor=25.0)
    area = ladder.kernel(step=100.0).area
    print(f"ladder, gamma {gamma:g}: dissipation {ladder.dissipation():.3f} kT/time, area {area:.3f}")

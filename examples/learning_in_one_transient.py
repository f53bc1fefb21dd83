"""Exclusive or, learned inside a circuit: one ngspice transient, no host, and a film of it.

python learning_in_one_transient.py [xor | iris | setosa | springs] [cycles]
"""

import sys
from pathlib import Path

from tcl_circuits.autonomous import tasks
from tcl_circuits.autonomous.moments import moments
from tcl_circuits.autonomous.plan import Request, plan
from tcl_circuits.autonomous.results import trajectories
from tcl_circuits.autonomous.run import Run
from tcl_circuits.figures.film import draw_strip, write_film
from tcl_circuits.figures.style import save

name = sys.argv[1] if len(sys.argv) > 1 else "xor"
cycles = int(sys.argv[2]) if len(sys.argv) > 2 else None
learned = tasks.load(name)
found = plan(learned, Request(cycles=cycles))
print(learned.task.description)
print(found.stability.words())

out = Path("film")
out.mkdir(exist_ok=True)
run = Run(found.design, out, settings={"task": name})
run.go()

shown = moments(learned, trajectories(run, run.records()))
print(f"loss {shown.loss[0]:.3g} -> {shown.loss[-1]:.3g} in {shown.cycle[-1]} cycles, {shown.time[-1]:.3g} s")
if learned.by_sign:
    print("  x0   x1     wanted     before      after")
    answers = zip(learned.task.train.inputs, shown.target, shown.output[0], shown.output[-1], strict=True)
    for x, *volts in answers:
        print(f"{x[0]:+4.0f} {x[1]:+4.0f}" + "".join(f" {1e3 * y[0]:+7.1f} mV" for y in volts))
if learned.by_sign or learned.task.classes is not None:
    print(f"right: {shown.right[0]:.0%} before, {shown.right[-1]:.0%} after")
save(draw_strip(shown, title=f"{name}, learned in one transient"), out / "film.png")
write_film(shown, out / "film.gif", f"{name}, learned in one transient")
print(f"{out}/film.png, {out}/film.gif")

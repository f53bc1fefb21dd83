"""Why the sawtooth is turned round: a circuit that learns by itself, without a lag, with both polarities.

With the standard sawtooth the feedback of the network on itself is positive: it runs away from a lambda_max
of about 6 on always, between 1 and 6 by chance (the last digits decide). With the inverted one it is
negative, and learning is stable at 6.
"""

import tempfile
from pathlib import Path
from typing import Literal

from tcl_circuits import EngineError
from tcl_circuits.autonomous import tasks
from tcl_circuits.autonomous.plan import Request, plan
from tcl_circuits.autonomous.results import history
from tcl_circuits.autonomous.run import Run

learned = tasks.load("regression")
print(learned.task.description)
cases: list[tuple[Literal["standard", "inverted"], float]] = [
    ("standard", 0.3),
    ("standard", 12.0),
    ("inverted", 2.0),
    ("inverted", 6.0),
]
for polarity, gain in cases:
    request = Request(polarity=polarity, gain=gain, lag=False, cycles=64)
    design = plan(learned, request, force_unstable=True).design
    with tempfile.TemporaryDirectory() as place:
        run = Run(design, Path(place), settings={})
        try:
            run.go()
        except EngineError as fault:
            print(f"{polarity}, lambda_max {gain}: ran away, {str(fault).splitlines()[-1]}")
            continue
        losses = history(run, run.records(), learned)["loss"]
    print(f"{polarity}, lambda_max {gain}: error / {losses.iloc[0] / losses.iloc[-1]:.0f} in 64 cycles")

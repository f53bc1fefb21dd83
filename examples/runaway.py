"""Why the sawtooth is turned round: a circuit that learns by itself runs away with the standard one above
lambda_max = 1, and is stable with the inverted one at 6.
"""

import tempfile
from pathlib import Path

from tcl_circuits import EngineError
from tcl_circuits.autonomous import tasks
from tcl_circuits.autonomous.plan import Request, plan
from tcl_circuits.autonomous.run import Run, history

learned = tasks.load("regression")
print(learned.task.description)
for polarity, gain in (("standard", 0.3), ("standard", 2.0), ("inverted", 2.0), ("inverted", 6.0)):
    request = Request(polarity=polarity, gain=gain, cycles=64, lag=False)
    found = plan(learned, request, force_unstable=True)
    print(f"{polarity}: {found.stability.words()}")
    with tempfile.TemporaryDirectory() as place:
        run = Run(found.design, Path(place), settings={})
        try:
            run.go()
        except EngineError as fault:
            print(f"  stopped: {str(fault).splitlines()[-1]}")
            continue
        losses = history(run, run.records(), learned)["loss"]
    print(
        f"  error / {losses.iloc[0] / losses.iloc[-1]:.3g} in 64 cycles, at worst / {losses.iloc[0] / losses.max():.2g}"
    )

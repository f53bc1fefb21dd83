"""Three learning rules on one circuit, Iris, with ideal parts and with parts as they can be made."""

from tcl_circuits import Sawtooth
from tcl_circuits.surveys.imperfections import Imperfections
from tcl_circuits.surveys.rules.training import Plan, train

# Change of conductance by a sample [S], the best of each with ideal parts; `tcl-circuits compare-rules`
# finds each rule's own with any parts.
RATE = 2e-6
PARTS = {"ideal": Imperfections(), "real": Imperfections.real()}

print("real parts: " + ", ".join(f"{name} {value:g}" for name, value in vars(PARTS["real"]).items() if value))
for rule in ("tcl", "contrast", "twins"):
    for kind, imperfections in PARTS.items():
        found = train(Plan("iris", rule, RATE, 4, 0, imperfections, Sawtooth(1e-5, 1e-3)))
        spent = f"{1e3 * found.time:.0f} ms, {1e6 * found.energy:.1f} uJ"
        print(f"{rule:8} {kind:5}: accuracy {found.accuracy:.2f}, {found.cycles} cycles, {spent}")

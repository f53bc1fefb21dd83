"""Independent jobs on any executor: keyed, in order, resumable, and not lost with a worker."""

from tcl_circuits.jobs.choice import open_workers
from tcl_circuits.jobs.cluster import DaskWorkers
from tcl_circuits.jobs.local import LocalWorkers
from tcl_circuits.jobs.running import JobsError, Outcome, run_jobs
from tcl_circuits.jobs.store import Store
from tcl_circuits.jobs.workers import GivenExecutor, SerialWorkers, Workers

__all__ = [
    "DaskWorkers",
    "GivenExecutor",
    "JobsError",
    "LocalWorkers",
    "Outcome",
    "SerialWorkers",
    "Store",
    "Workers",
    "open_workers",
    "run_jobs",
]

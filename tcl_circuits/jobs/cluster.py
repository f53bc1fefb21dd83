"""Workers of a dask cluster (extra ``[dask]``): this machine's processes, or many machines'."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from concurrent.futures import Future
from importlib import import_module
from typing import Any

from tcl_circuits.errors import InputError
from tcl_circuits.jobs.workers import WorkersDied, deaf_children, on_one_thread

_CONNECT = 5.0
"""How long a scheduler may take to answer [s]."""


class DaskWorkers:
    """A dask cluster's workers, through ``Client.get_executor()``; its client is never dask's default one.

    Parameters
    ----------
    address : str, optional
        The scheduler's address, such as ``tcp://10.0.0.1:8786``; by default a cluster of processes of this
        machine, of one thread each, is started, and ended by :meth:`close`.
    count : int, optional
        Processes of that cluster; by default the cores of this machine.
    client : distributed.Client, optional
        A client of the caller's, who closes it.
    patience : float
        How long the cluster may be without any worker [s of wall clock].

    Raises
    ------
    InputError
        If dask.distributed is not installed, or nothing answers at the address.
    """

    def __init__(
        self,
        address: str | None = None,
        count: int | None = None,
        client: Any = None,
        patience: float = 30.0,
    ) -> None:
        self._owned = client is None
        self._cluster: Any = None
        self._client = client if client is not None else self._connected(address, count)
        self._executor = self._client.get_executor()
        self._patience = patience
        self._seen = time.monotonic()

    def _connected(self, address: str | None, count: int | None) -> Any:
        try:
            distributed: Any = import_module("distributed")
        except ImportError:
            raise InputError(
                "dask.distributed is not installed; pip install 'tcl-circuits[dask]', or use --executor local"
            ) from None
        if address is None:
            with deaf_children():
                self._cluster = distributed.LocalCluster(
                    n_workers=count,
                    threads_per_worker=1,
                    processes=True,
                    dashboard_address=":0",
                    silence_logs=logging.CRITICAL,
                )
            return distributed.Client(self._cluster, set_as_default=False)
        try:
            return distributed.Client(address, timeout=_CONNECT, set_as_default=False)
        except (OSError, ValueError) as failure:
            reason = " ".join(str(failure).split())
            raise InputError(
                f"no dask scheduler answers at {address!r} ({reason}); give its address, "
                "such as tcp://10.0.0.1:8786"
            ) from None

    @property
    def count(self) -> int:
        """Two jobs for each thread of the cluster, so that none waits for the way to it and back."""
        return 2 * max(1, self._threads())

    def submit(self, compute: Callable[[Any], Any], item: Any) -> Future[Any]:
        """Begin a job; dask itself gives it to another worker if one is lost."""
        try:
            future: Future[Any] = self._executor.submit(on_one_thread, compute, item)
        except Exception as failure:  # a client whose scheduler is gone raises nearly anything
            reason = " ".join(str(failure).split())
            raise WorkersDied(f"the dask cluster takes no more jobs ({reason})") from None
        return future

    def check(self) -> None:
        """Raise WorkersDied if the cluster has been without workers for longer than is to be borne."""
        if self._threads():
            self._seen = time.monotonic()
        elif time.monotonic() - self._seen > self._patience:
            raise WorkersDied(f"the dask cluster has been without workers for {self._patience:g} s")

    def close(self, at_once: bool = False) -> None:
        """Cancel what is under way, and end what was started here."""
        if at_once:
            self._executor.shutdown(wait=False)
        if self._owned:
            self._client.close()
        if self._cluster is not None:
            self._cluster.close()

    def _threads(self) -> int:
        try:
            return sum(self._client.ncores().values())
        except Exception:  # as above
            return 0

"""Functions compiled by numba, their results kept between runs: the extra ``tcl-circuits[fast]``.

The files that numba keeps are machine code. One that was damaged is not run: it is compiled anew.
"""

from __future__ import annotations

import hashlib
import pickle
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar, cast

import numba
import numba.core.caching

_F = TypeVar("_F", bound=Callable[..., Any])
# numba's inner parts carry no types.
_caching: Any = numba.core.caching
_njit: Any = numba.njit
_DIGEST = hashlib.sha256().digest_size


class _CheckedFile(_caching.IndexDataCacheFile):  # type: ignore[misc]
    """The files of one function; each begins with the digest of what follows."""

    def _save_data(self, name: str, data: Any) -> None:
        content = self._dump(data)
        with self._open_for_write(self._data_path(name)) as file:
            file.write(hashlib.sha256(content).digest() + content)

    def _load_data(self, name: str) -> Any:
        whole = Path(self._data_path(name)).read_bytes()
        content = whole[_DIGEST:]
        if hashlib.sha256(content).digest() != whole[:_DIGEST]:
            raise pickle.UnpicklingError(f"{name} is damaged")
        return pickle.loads(content)


class _CheckedCache(_caching.FunctionCache):  # type: ignore[misc]
    """What is kept of one function; whatever is wrong with it, it is as if it were not there."""

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__(function)
        self._cache_file = _CheckedFile(
            cache_path=self._cache_path,
            filename_base=self._impl.filename_base,
            source_stamp=self._impl.locator.get_source_stamp(),
        )

    def load_overload(self, signature: Any, context: Any) -> Any:
        try:
            return super().load_overload(signature, context)
        except Exception:
            # A damaged pickle may raise anything.
            self._forget()
            return None

    def save_overload(self, signature: Any, data: Any) -> None:
        # What can't be kept has been compiled all the same.
        with suppress(OSError):
            super().save_overload(signature, data)

    def _forget(self) -> None:
        try:
            self.flush()
        except OSError:
            self.disable()


def compiled(function: _F, options: set[str]) -> _F:
    """Compile for this machine at the first call, and keep the result beside the source.

    Parameters
    ----------
    function : callable
        What is compiled.
    options : set of str
        What the compiler may assume of floating-point numbers.
    """
    made = _njit(fastmath=options, error_model="numpy")(function)
    with suppress(RuntimeError):  # nowhere to write: compile in every process
        made._cache = _CheckedCache(function)
    return cast("_F", made)

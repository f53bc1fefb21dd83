"""A bundle's manifest: what it is, and the SHA-256 of every file."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from tcl_circuits.errors import InputError, TclError
from tcl_circuits.handoff.dialects import DIALECTS

FORMAT, VERSION = "tcl_circuits bundle", 1
NAME = "manifest.json"

UNITS = {"time": "s", "voltage": "V", "current": "A", "charge": "C", "g": "S", "c": "F", "r": "ohm"}


class BundleError(TclError):
    """A bundle that is not what was exported."""


@dataclass(frozen=True)
class Manifest:
    """What a manifest says.

    Parameters
    ----------
    dialect : str
        Language of the netlists.
    title : str
        For people.
    seed : int
        Seed of the run and of the sampled mismatch.
    files : mapping of str to str
        SHA-256 of every file, by its path in the bundle.
    """

    dialect: str
    title: str
    seed: int
    files: Mapping[str, str]

    def text(self, generator: str, pins: tuple[str, ...]) -> str:
        """The manifest as a file."""
        content = {
            "format": FORMAT,
            "version": VERSION,
            "generator": generator,
            "title": self.title,
            "dialect": self.dialect,
            "seed": self.seed,
            "units": UNITS,
            "pins": list(pins),
            "files": dict(sorted(self.files.items())),
        }
        return json.dumps(content, indent=1, ensure_ascii=True) + "\n"


def digest(data: bytes) -> str:
    """SHA-256 of a file's bytes."""
    return hashlib.sha256(data).hexdigest()


def read_manifest(bundle: Path) -> Manifest:
    """Read a bundle's manifest.

    Raises
    ------
    InputError
        If there is no bundle, or it is of a newer version.
    BundleError
        If the manifest is damaged, or names a path outside the bundle.
    """
    path = bundle / NAME
    try:
        data = json.loads(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        raise InputError(
            f"{bundle} is no bundle: it has no {NAME}; make one with tcl-circuits export"
        ) from None
    except (ValueError, RecursionError) as error:
        raise BundleError(f"{path} is damaged ({error}); export the bundle again") from None
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise InputError(f"{path} is no manifest of a bundle; make one with tcl-circuits export")
    return _checked(data, path)


def _checked(data: Mapping[str, Any], path: Path) -> Manifest:
    version = data.get("version")
    if not isinstance(version, int) or version > VERSION:
        raise InputError(
            f"{path} is of version {version!r}; this package reads {VERSION}: update tcl_circuits"
        )
    files, dialect = data.get("files"), data.get("dialect")
    if not (isinstance(files, dict) and all(isinstance(value, str) for value in files.values())):
        raise BundleError(f"{path} is damaged: it has no list of files; export the bundle again")
    climbing = [name for name in files if not _stays_inside(name)]
    if climbing:
        raise BundleError(f"{path} names {climbing[0]!r}, a path outside the bundle; nothing was read or run")
    if dialect not in DIALECTS:
        raise BundleError(f"{path}: dialect {dialect!r} is none of {', '.join(DIALECTS)}")
    seed = data.get("seed")
    if not isinstance(seed, int):
        raise BundleError(f"{path}: seed {seed!r} is no whole number; export the bundle again")
    return Manifest(str(dialect), str(data.get("title", "")), seed, files)


def _stays_inside(name: str) -> bool:
    path = PurePosixPath(name)
    return (
        bool(name)
        and name.isprintable()
        and not path.is_absolute()
        and not {"..", "\\", ":"} & {*path.parts, *name}
    )


def read_files(bundle: Path, manifest: Manifest) -> tuple[dict[str, bytes], list[str]]:
    """Read every file once, and say which are missing, links out of the bundle, or changed.

    Returns
    -------
    dict of str to bytes
        The files that are there.
    list of str
        Faults, in words.
    """
    found: dict[str, bytes] = {}
    faults = []
    root = bundle.resolve()
    for name, expected in sorted(manifest.files.items()):
        path = bundle / name
        if not path.resolve().is_relative_to(root):
            faults.append(f"{name}: leads out of the bundle; not read")
        elif not path.is_file():
            faults.append(f"{name}: missing")
        else:
            found[name] = path.read_bytes()
            if digest(found[name]) != expected:
                faults.append(f"{name}: changed since it was exported")
    return found, faults

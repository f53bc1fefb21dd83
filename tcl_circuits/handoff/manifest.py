"""A bundle's manifest: what it is, and the SHA-256 of every file."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from tcl_circuits.errors import InputError, TclError, shown
from tcl_circuits.files import parse_json, read_bytes
from tcl_circuits.handoff.dialects import DIALECTS
from tcl_circuits.json_entry import Entry

FORMAT, VERSION = "tcl_circuits bundle", 1
NAME = "manifest.json"
AGAIN = "export the bundle again"
"""Remedy of a damaged bundle."""
_LONGEST_NAME = 255
"""Bytes; no file system refuses it, and no file of a bundle is near it."""

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
    if not path.exists():
        raise InputError(f"{bundle} is not a bundle: it has no {NAME}; make one with tcl-circuits export")
    data = read_bytes(path, "make a bundle with tcl-circuits export")
    try:
        found = Entry(str(path), parse_json(data, str(path), AGAIN), AGAIN)
    except InputError as error:
        raise BundleError(f"{error} (the file is damaged)") from None
    if not isinstance(found.value, dict) or found.value.get("format") != FORMAT:
        raise InputError(f"{path} is not the manifest of a bundle; make one with tcl-circuits export")
    version = found.value.get("version")
    if type(version) is not int or version != VERSION:
        raise InputError(
            f"{path} is of version {version!r}; this package reads {VERSION}: update tcl_circuits"
        )
    try:
        return _checked(found, path)
    except InputError as error:
        raise BundleError(str(error)) from None


def _checked(found: Entry, path: Path) -> Manifest:
    listed = found.at("files")
    files = {name: listed.at(name).text() for name in listed.members()}
    climbing = [name for name in files if not _stays_inside(name)]
    if climbing:
        raise BundleError(
            f"{path} names {shown(climbing[0])}, no path inside a bundle; nothing was read or run"
        )
    dialect = found.at("dialect").one_of(tuple(DIALECTS))
    return Manifest(dialect, found.at("title").text(), found.at("seed").whole(), files)


def _stays_inside(name: str) -> bool:
    path = PurePosixPath(name)
    return (
        0 < len(name.encode("utf-8", "replace")) <= _LONGEST_NAME
        and name.isprintable()
        and not path.is_absolute()
        and not {"..", "\\", ":"} & {*path.parts, *name}
    )


def read_files(bundle: Path, manifest: Manifest) -> tuple[dict[str, bytes], list[str]]:
    """Read every file once, and say which are missing, links out of the bundle, or changed.

    Returns
    -------
    dict of str to bytes
        The files that are there, the manifest too.
    list of str
        Faults, in words.
    """
    found = {NAME: read_bytes(bundle / NAME, "make a bundle with tcl-circuits export")}
    faults = []
    root = os.path.realpath(bundle)
    for name, expected in sorted(manifest.files.items()):
        path = bundle / name
        if not Path(os.path.realpath(path)).is_relative_to(root):
            faults.append(f"{name}: leads out of the bundle; not read")
            continue
        try:
            found[name] = read_bytes(path, AGAIN)
        except InputError as error:
            faults.append(f"{name}: can't be read ({error})" if path.exists() else f"{name}: missing")
            continue
        if digest(found[name]) != expected:
            faults.append(f"{name}: changed since it was exported")
    return found, faults

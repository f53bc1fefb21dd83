"""``tcl-circuits verify``: whether a bundle is what was exported and simulates as it should."""

from __future__ import annotations

from pathlib import Path

from tcl_circuits.handoff.verify import Verification, verify_bundle

__all__ = ["Verification", "verify"]


def verify(bundle: Path, simulator: str | None = None) -> Verification:
    """Check a bundle's hashes, run its test benches, and compare; see :func:`.verify_bundle`."""
    return verify_bundle(bundle, simulator)

"""Patterns stored in a network and recalled from damaged ones: a layered network as a memory.

The damaged pattern is held at the input, the whole one is what the output is nudged to. Recall feeds the
output back to the input, so that a stored pattern is a fixed point.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from tcl_circuits.ep.layers import Array
from tcl_circuits.ep.network import Network
from tcl_circuits.ep.rules import make_rule
from tcl_circuits.ep.settings import Settings
from tcl_circuits.ep.steps import Shown
from tcl_circuits.errors import InputError

Damage = Callable[[NDArray[np.float32], np.random.Generator], NDArray[np.float32]]
"""Makes cues from patterns (patterns, pixels), drawing from a generator."""


def store(
    network: Network,
    patterns: Array,
    damage: Damage,
    steps: int,
    rule: str = "tcl",
    settings: Settings | None = None,
    copies: int = 4,
    seed: int = 0,
) -> Network:
    """Train a network to complete patterns, and return it.

    Parameters
    ----------
    network : Network
        As many input and output nodes as a pattern has pixels.
    patterns : ndarray of shape (patterns, pixels)
        What to store, from 0 to 1.
    damage : callable
        Makes the cues of each step.
    steps : int
        Updates; each sees every pattern `copies` times.
    rule : str
        One of :data:`~tcl_circuits.ep.rules.RULES`.
    settings : Settings, optional
        The published run's unless given; `batch` is not used.
    copies : int
        Cues of each pattern in a step.
    seed : int
        Seed of the cues and of the signs of beta.

    Raises
    ------
    InputError
        If the patterns don't fit the network.
    """
    settings = settings or Settings()
    _check(network, patterns)
    update = make_rule(rule, settings, len(network.weights))
    rng = np.random.default_rng(seed)
    wanted = np.repeat(patterns, copies, axis=0).astype(network.dtype)
    for _ in range(steps):
        cues = damage(wanted, rng).astype(network.dtype)
        free = network.settle(cues, settings.free_iterations, settings.relaxation)
        beta = settings.beta * (rng.choice([-1, 1]) if settings.random_sign else 1)
        network = update.step(Shown(network, cues, wanted, network.fields(cues), free, beta, rng))
    return network


def recall(network: Network, cues: Array, rounds: int = 3, settings: Settings | None = None) -> Array:
    """Complete damaged patterns.

    Parameters
    ----------
    network : Network
        What :func:`store` made.
    cues : ndarray of shape (cues, pixels)
        Damaged patterns.
    rounds : int
        How often the network relaxes; each time but the first, its last output is the input.
    settings : Settings, optional
        How it relaxes; as the published run does unless given.

    Returns
    -------
    ndarray of shape (cues, pixels)
        Output of the last round.

    Raises
    ------
    InputError
        If the cues don't fit the network, or there is no round.
    """
    settings = settings or Settings()
    _check(network, cues)
    if rounds < 1:
        raise InputError(f"recall: rounds = {rounds} must be at least 1")
    shown = cues.astype(network.dtype)
    for _ in range(rounds):
        shown = network.settle(shown, settings.free_iterations, settings.relaxation)[-1]
    return shown


def _check(network: Network, patterns: Array) -> None:
    ends = network.sizes[0], network.sizes[-1]
    if patterns.ndim != 2 or ends != (patterns.shape[-1],) * 2:
        raise InputError(
            f"patterns of shape {patterns.shape} do not fit a network with {ends[0]} input and {ends[1]} "
            "output nodes: both must be as many as a pattern has pixels"
        )

"""A threshold that is not sharp: of a soft element, and of a kernel output with thermal noise on it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from tcl_circuits.arrays import FloatArray
from tcl_circuits.errors import InputError

_NARROWEST = 1e-9
"""Narrowest smear that arithmetic tells from a sharp threshold [share of theta]."""


@dataclass(frozen=True, eq=False)
class SmearedThreshold:
    """g(u) = u where abs(u) is above a threshold that is smeared normally, with normal noise on u.

    A soft element passes ``u Phi((abs(u) - theta)/softness)``. Noise n on the kernel output passes on the
    mean what ``E[(u + n) 1(abs(u + n) >= theta)]`` passes. Both at once have the width
    ``w^2 = softness^2 + noise^2``; with a = (u - theta)/w and b = (u + theta)/w,
    ``g = u [Phi(a) + Phi(-b)] + noise^2/w [phi(a) - phi(b)]``.

    Parameters
    ----------
    theta : ndarray of shape (edges,)
        Threshold [A].
    softness : float or ndarray of shape (edges,)
        Width of the threshold [A].
    noise : float or ndarray of shape (edges,)
        Root mean square of the noise on u [A].
    """

    theta: FloatArray
    softness: float | FloatArray
    noise: float | FloatArray

    def __call__(self, u: FloatArray) -> FloatArray:
        """Mean of g(u), of the shape (edges, time) of `u`."""
        theta, width, noise = self._columns()
        above, below = (u - theta) / width, (u + theta) / width
        push = noise**2 / width * (_density(above) - _density(below))
        result: FloatArray = u * (ndtr(above) + ndtr(-below)) + push
        return result

    def antiderivative(self, u: FloatArray) -> FloatArray:
        """Integral of g from 0 to `u`."""
        return self._primitive(u) - self._primitive(np.zeros((1, 1)))

    def passed(self, charge: FloatArray, duration: FloatArray, sign: FloatArray) -> FloatArray:
        """Refuse: what a smeared threshold passes depends on the whole course of u."""
        raise InputError("a smeared threshold has no sharp crossings; integrate it over the course of u")

    def variance(self, u: FloatArray) -> FloatArray:
        """Variance of g(u + n) that the noise brings, for a sharp threshold; the shape of `u` [A^2]."""
        theta, _, noise = self._columns()
        width = np.maximum(noise, _NARROWEST * theta + 1e-300)
        mean, second = np.zeros(()), np.zeros(())
        for v, sign in ((u, 1), (-u, -1)):
            odds, density = ndtr((v - theta) / width), _density((v - theta) / width)
            mean = mean + sign * (v * odds + width * density)
            second = second + (v * v + width**2) * odds + width * (v + theta) * density
        result: FloatArray = np.maximum(second - mean**2, 0.0)
        return result

    def _primitive(self, u: FloatArray) -> FloatArray:
        theta, width, noise = self._columns()
        total = np.zeros(np.broadcast_shapes(u.shape, theta.shape))
        for v in (u, -u):
            z = (v - theta) / width
            total += 0.5 * ((v * v - theta**2 - width**2) * ndtr(z) + width * (v + theta) * _density(z))
            total += noise**2 * ndtr(z)
        return total

    def _columns(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Threshold, width and noise of shape (edges, 1)."""
        theta = np.asarray(self.theta, dtype=float)[:, None]
        softness, noise = (
            np.broadcast_to(np.asarray(value, dtype=float), theta.shape[:1])[:, None]
            for value in (self.softness, self.noise)
        )
        return theta, np.maximum(np.hypot(softness, noise), _NARROWEST * theta + 1e-300), noise


def _density(z: FloatArray) -> FloatArray:
    """Standard normal density."""
    result: FloatArray = np.exp(-0.5 * z * z) / np.sqrt(2 * np.pi)
    return result

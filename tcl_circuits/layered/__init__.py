"""Layered circuits: inputs of both signs, hidden nodes with diodes and amplifiers, pairs of outputs."""

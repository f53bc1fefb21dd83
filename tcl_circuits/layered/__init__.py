"""Layered circuits with hidden nodes, up to MNIST: 784 x 2 inputs, hidden nodes with diodes, 10 x 2 outputs."""

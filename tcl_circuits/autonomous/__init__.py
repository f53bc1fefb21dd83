"""Learning inside the circuit: one transient trains the network, with no host in the loop."""

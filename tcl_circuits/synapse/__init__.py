"""One synapse: the theory in closed form."""

"""What a hardware team gets of a trained network."""

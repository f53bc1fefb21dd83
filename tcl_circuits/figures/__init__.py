"""Pictures of networks, waveforms and training; they read results and compute nothing."""

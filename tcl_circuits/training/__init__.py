"""Tasks, rules and the training loop."""

"""Networks, cells and drives, down to netlists."""

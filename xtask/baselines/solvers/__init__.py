"""The solvers beside Wheatstone's training step: one file a kind of solver."""

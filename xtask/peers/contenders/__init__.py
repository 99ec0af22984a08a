"""The peers of Wheatstone's training step: one file a kind of solver."""

"""Runs plans over many inputs; the only layer that starts processes."""

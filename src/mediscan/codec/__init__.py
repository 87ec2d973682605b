"""Bytes <-> element table: knows encoding, knows nothing of privacy."""

"""Replacement values: the same key and the same input give the same output."""

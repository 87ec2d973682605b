"""Compiled kernels; their sources are ext/*.pyx, their types the .pyi files here."""

"""Pixel Data. So far only the file-level rule that tells which images may show burned-in text."""

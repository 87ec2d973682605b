"""Free text: what in it identifies, and what may stay."""

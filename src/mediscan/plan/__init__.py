"""What will be done with an input, then doing it; no file or network access."""

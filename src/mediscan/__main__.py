"""`python -m mediscan`."""

from mediscan.cli.main import console

if __name__ == "__main__":
    console()

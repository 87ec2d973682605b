"""`mediscan key new FILE`."""

from argparse import Namespace

from mediscan.cli import console
from mediscan.pseudonym.keyring import Key


def main(arguments: Namespace) -> int:
    """Make a key file and tell its fingerprint."""
    key = Key.random()
    key.save(arguments.file)
    console.say(f"a new key, fingerprint {key.fingerprint}; whoever has it can link pseudonyms to people: keep it safe")
    return 0

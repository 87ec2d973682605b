"""Action U: a UID becomes 2.25.<128-bit integer> (PS3.5 B.2) under the key; registered UIDs identify nobody and stay."""

from mediscan.pseudonym.keyring import Key


class UidMap:
    """Keyed, stateless replacement of UIDs.

    Parameters
    ----------
    key : Key
        The project key.
    registered : frozenset of str
        UIDs of PS3.6: SOP Classes, Transfer Syntaxes, coding schemes and the like.
    """

    def __init__(self, key: Key, registered: frozenset[str]) -> None:
        self._decimal = key.function("uid").decimal
        self._registered = frozenset(uid.encode("ascii") for uid in registered)

    def __call__(self, value: bytes) -> bytes:
        """Replace each UID of a value of VR UI, with or without padding; empty stays empty."""
        if b"\\" in value:
            return b"\\".join(self(uid) for uid in value.split(b"\\"))
        uid = value.strip(b"\0 ")
        if not uid or uid in self._registered:
            return uid
        return b"2.25." + self._decimal(uid)

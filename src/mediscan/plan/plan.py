"""A compiled policy under a key: everything that decides, ready to be handed to every worker."""

import functools
from dataclasses import dataclass

from mediscan.profile import policy_file
from mediscan.profile.policy import Dates, Descriptors, Policy
from mediscan.pseudonym.keyring import Key


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do, and under which key.

    Attributes
    ----------
    policy : Policy
        The Confidentiality Profile, its options and local choices.
    key : Key
        The project key.
    tool : str
        Name and version written into every output.
    """

    policy: Policy
    key: Key
    tool: str


def compile_policy(
    policy: str | Policy, *, key: Key, dates: str | Dates | None = None, descriptors: str | Descriptors | None = None
) -> Plan:
    """Load a policy and bind it to a key.

    Parameters
    ----------
    policy : str or Policy
        A name, the path of a TOML file, or a loaded policy.
    key : Key
        The project key.
    dates : str, optional
        ``year``, ``shift``, ``remove`` or ``keep`` in place of what the policy says.
    descriptors : str, optional
        ``lexicon``, ``hunt`` or ``remove`` in place of what the policy says.

    Raises
    ------
    errors.PolicyError
        If the policy is not understood, or contradicts itself once `dates` or `descriptors` are put in.
    """
    loaded = policy_file.load(policy) if isinstance(policy, str) else policy
    if dates is not None:
        loaded = loaded.with_dates(dates)
    if descriptors is not None:
        loaded = loaded.with_descriptors(descriptors)
    return Plan(loaded.checked(), key, f"mediscan {_version()}")


@functools.cache
def _version() -> str:
    from importlib.metadata import version

    return version("mediscan")

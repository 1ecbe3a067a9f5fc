"""Putting a policy into force."""

from __future__ import annotations

from hashlib import sha256

import attrs

from crmkit import Unit
from crmkit.sql import insert_many

from .errors import NoPolicyError
from .model import Policy
from .queries import current
from .reading import parse
from .tables import policy_version


def adopt(unit: Unit, text: str) -> Policy:
    """
    Put the policy *text* (TOML) into force and return it with its version.

    The text that is in force already keeps its version. Going back to an older text is a new
    version: the history says what was in force when.

    Raises:
        PolicyInvalidError: With every problem of the text; the policy in force stays.
    """
    policy = parse(text)
    try:
        in_force = current(unit)
    except NoPolicyError:
        in_force = attrs.evolve(policy, version=0, text="")
    if in_force.text == text:
        return in_force
    adopted = attrs.evolve(policy, version=in_force.version + 1)
    digest = sha256(text.encode()).hexdigest()
    row = (adopted.version, policy.name, text, digest, unit.now, unit.actor)
    insert_many(unit.connection, policy_version, [row])
    return adopted

"""Settings of the plugin."""

import attrs


@attrs.frozen(kw_only=True)
class Settings:
    """
    ``[decisions]`` of ``crmkit.toml``.

    Attributes:
        unsubscribe: The last paragraph of every message that carries an offer.
    """

    unsubscribe: str = "If you would rather not hear from us, answer with the word STOP."

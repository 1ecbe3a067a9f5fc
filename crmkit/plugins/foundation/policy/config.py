"""Settings of the plugin."""

import attrs


@attrs.frozen(kw_only=True)
class Settings:
    """
    ``[policy]`` of ``crmkit.toml``.

    Attributes:
        file: What ``crmkit policy adopt`` and ``check`` read when no FILE is given;
            relative to the folder of ``crmkit.toml``.
    """

    file: str = ""

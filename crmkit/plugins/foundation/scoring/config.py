"""Settings: ``[scoring]`` in ``crmkit.toml``."""

import attrs


@attrs.frozen
class Settings:
    """
    Attributes:
        full_after_days: A run that may choose scores everybody again when the last full run looked
            from that long ago; what only grows old (recency, say) ages then.
    """

    full_after_days: int = attrs.field(default=7, validator=attrs.validators.ge(0))

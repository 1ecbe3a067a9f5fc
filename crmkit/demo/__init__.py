"""One full turn of the cycle on a real shop's book: ``crmkit demo``."""

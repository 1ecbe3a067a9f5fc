"""The small vocabulary everything else is a plugin of. Import it through :mod:`crmkit`."""

"""Why a file is not imported at all. A row that cannot be imported is no error: it is counted."""

from __future__ import annotations

from typing import ClassVar

from crmkit import CrmkitError, InvalidValueError


class FileRefusedError(CrmkitError):
    """The file cannot be read as a table; nothing was written."""

    exit_code: ClassVar[int] = 2


class FileChangedError(CrmkitError):
    """The file was changed while it was read; what was imported before that stays."""


class MappingError(CrmkitError):
    """The mapping is wrong, or does not fit the file; nothing was written."""

    exit_code: ClassVar[int] = 2


class ImportBusyError(CrmkitError):
    """Another process is importing the same file."""

    exit_code: ClassVar[int] = 75


class UnstatedError(InvalidValueError):
    """A value can be read in two ways, and the mapping does not say which."""

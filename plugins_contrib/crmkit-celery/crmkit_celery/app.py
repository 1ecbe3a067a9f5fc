"""What ``celery --app crmkit_celery.app`` runs, for the crmkit.toml that CRMKIT_CONFIG names."""

import os
from pathlib import Path

from crmkit import CRM

from .config import Settings
from .waking import celery_for

_config = Path(os.environ.get("CRMKIT_CONFIG", "crmkit.toml")).resolve()
_crm = CRM.from_config(_config)
app = celery_for(_crm.settings(Settings), _config)
_crm.close()

"""Upgrades and is killed at the Nth statement; tests/faults/test_migrations.py starts it."""

import os
import signal
import sys
from pathlib import Path

import sqlalchemy as sa

sys.path.insert(0, str(Path(__file__).parent))

from migrations_plugin import demo

from crmkit import CRM

url, folder, nth = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
crm = CRM.open(url, [demo(folder)])
counted = 0


@sa.event.listens_for(crm.engine, "before_cursor_execute")
def kill(*_):
    global counted
    counted += 1
    if counted == nth:
        os.kill(os.getpid(), signal.SIGKILL)


crm.upgrade()

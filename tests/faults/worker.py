"""A worker process to be killed: ``python worker.py URL SETTINGS`` sends all that is due."""

import json
import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2]))
    from crmkit import CRM
    from crmkit.plugins.foundation.delivery import run_until_empty

    crm = CRM.open(sys.argv[1], ["delivery", "email"], settings=json.loads(sys.argv[2]))
    print("ready", flush=True)
    sys.stdin.readline()
    print(run_until_empty(crm), flush=True)
    crm.close()

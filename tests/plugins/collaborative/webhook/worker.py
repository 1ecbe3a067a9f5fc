"""A worker of its own, to be killed or starved: ``worker.py DATABASE [DESCRIPTORS]``."""

import resource
import sys

from crmkit import CRM
from crmkit.plugins.collaborative import webhook

SETTINGS = {"webhook": {"allow_networks": ["127.0.0.0/8"], "lane": 3, "timeout_seconds": 5.0}}


def main(database, descriptors=0):
    crm = CRM.open(database, ["webhook"], settings=SETTINGS)
    if descriptors:
        resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors, descriptors))
    print(dict(webhook.send_due(crm).counts), flush=True)
    crm.close()


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))

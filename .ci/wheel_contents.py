"""Refuse a wheel that holds anything but the one package, or lacks what it must carry."""

import sys
import zipfile

names = zipfile.ZipFile(sys.argv[1]).namelist()
tops = {name.split("/")[0] for name in names}
strangers = {top for top in tops if top != "crmkit" and not top.endswith(".dist-info")}
wanted = {
    "crmkit/py.typed",
    "crmkit/demo/online_retail_quarter.csv.gz",
    "crmkit/demo/SOURCE.md",
    "crmkit/demo/tables/LICENSE",
    "crmkit/demo/tables/SOURCE.md",
    "crmkit/demo/tables/zendesk/ticket_data.csv",
    "crmkit/cli/templates/every/pyproject.toml.tmpl",
    "crmkit/database/revisions/0001_initial.py",
}
missing = wanted - set(names)
if strangers or missing:
    sys.exit(f"wheel: not ours {sorted(strangers)}, missing {sorted(missing)}")
print(f"wheel: {len(names)} files, one top-level package")

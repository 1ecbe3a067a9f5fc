"""``python -m crmkit``."""

from crmkit.cli import main

if __name__ == "__main__":
    main(prog_name="crmkit")

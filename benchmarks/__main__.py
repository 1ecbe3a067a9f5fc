"""All benchmarks, one after the other: ``python -m benchmarks [NAME ...]``."""

import runpy
import sys

ALL = ("startup", "hooks", "interactions", "customer_page", "search", "rfm", "delivery", "clv")

if __name__ == "__main__":
    chosen = sys.argv[1:] or ALL
    for name in chosen:
        print(f"\n== {name}", flush=True)
        sys.argv = [name]
        runpy.run_module(f"benchmarks.{name}", run_name="__main__")

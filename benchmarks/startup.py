"""
How fast the command line starts: whole processes, with 20 enabled plugins.

    python -m benchmarks.startup

Each plugin is a distribution of its own with a command, in a folder on the path.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmarks.timing import report, side_by_side

PLUGINS = 20


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        names = [_install(Path(folder), number) for number in range(PLUGINS)]
        enabled = ", ".join(f'"{name}"' for name in names)
        config = Path(folder) / "crmkit.toml"
        config.write_text(f"[crmkit]\nplugins = [{enabled}]\n")
        env = os.environ | {"PYTHONPATH": folder, "CRMKIT_CONFIG": str(config)}
        contestants = {
            'python -c "import click"': _run(env, "-c", "import click"),
            "crmkit --version": _run(env, "-m", "crmkit", "--version"),
            f"crmkit --help, {PLUGINS} plugins": _run(env, "-m", "crmkit", "--help"),
        }
        medians = side_by_side(contestants, rounds=21)
    report("start of a process", medians, against='python -c "import click"')


def _install(folder: Path, number: int) -> str:
    name = f"bench{number:02}"
    package, info = folder / f"crmkit_{name}", folder / f"crmkit_{name}-1.0.dist-info"
    package.mkdir()
    info.mkdir()
    (package / "__init__.py").write_text("raise RuntimeError('imported')\n")
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: crmkit-{name}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        f"[crmkit.plugins]\n{name} = crmkit_{name}:plugin\n"
        f"[crmkit.commands]\n{name} = crmkit_{name}.cli:command\n"
    )
    return name


def _run(env: dict[str, str], *arguments: str) -> Callable[[], object]:
    def run() -> None:
        subprocess.run([sys.executable, *arguments], env=env, check=True, stdout=subprocess.DEVNULL)

    return run


if __name__ == "__main__":
    main()

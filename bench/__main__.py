"""`make bench`: every measurement in this directory, each in a process of its own, in the order of their names."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent


def main() -> int:
    """Run each file and print what it measured; say at the end which of them failed, and exit with their number."""
    failed = []
    for path in sorted(HERE.glob("[!_]*.py")):
        summary = path.read_text("utf-8").strip('"\n').splitlines()[0].rstrip('"')
        print(f"\n== {path.stem}: {summary}", flush=True)
        if subprocess.run([sys.executable, "-m", f"bench.{path.stem}"], cwd=HERE.parent, check=False).returncode:
            failed.append(path.stem)
    if failed:
        print(f"\nfailed: {', '.join(failed)}", file=sys.stderr)
    return len(failed)


if __name__ == "__main__":
    sys.exit(main())

"""`make audit`: known vulnerabilities of the pinned packages. A report, which never fails: a pin is a choice."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

OUT_OF_REACH = "the advisory service is out of reach: nothing was checked"


def main() -> int:
    """Ask the service about every line of constraints.txt and print what it knows."""
    command = [str(Path(sys.executable).parent / "pip-audit"), "--requirement", "constraints.txt"]
    options = ["--no-deps", "--disable-pip", "--progress-spinner", "off", "--format", "json"]
    done = subprocess.run([*command, *options], capture_output=True, text=True, check=False)
    for line in report(done.stdout, done.stderr):
        print(line)  # noqa: T201
    return 0


def report(answer: str, said: str) -> Iterator[str]:
    """Lines about pip-audit's JSON, or about why there is none."""
    try:
        packages: list[dict[str, Any]] = json.loads(answer)["dependencies"]
    except ValueError:
        yield f"{OUT_OF_REACH} ({said.strip().splitlines()[-1] if said.strip() else 'pip-audit said nothing'})"
        return
    checked = [package for package in packages if "skip_reason" not in package]
    if not checked:
        yield f"{OUT_OF_REACH} ({packages[0]['skip_reason'] if packages else 'no package was named'})"
        return
    known = [(package, vulnerability) for package in checked for vulnerability in package["vulns"]]
    yield f"{len(known)} known vulnerabilities in {len(checked)} of {len(packages)} pinned packages"
    for package, vulnerability in known:
        fixed = ", ".join(vulnerability["fix_versions"]) or "no version yet"
        yield f"  {package['name']} {package['version']}: {vulnerability['id']}, mended in {fixed}"


if __name__ == "__main__":
    sys.exit(main())

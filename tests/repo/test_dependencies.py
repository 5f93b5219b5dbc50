"""What DVC looks at is what a person has written."""

import os
import subprocess
import sys

from tests.toy.jobs import CHECKOUT


def test_no_bytecode_is_in_a_hash_of_dvc() -> None:
    files = [
        "components/kits/tables/__pycache__/tabm.cpython-311.pyc",
        "components/kits/tables/encoding/__pycache__/encode.cpython-311.pyc",
        "components/kits/tables/tabm.py",
    ]
    done = subprocess.run(
        [sys.executable, "-m", "dvc", "check-ignore", "--non-matching", "--details", *files],
        cwd=CHECKOUT,
        env={**os.environ, "DVC_NO_ANALYTICS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    ignored = {line.split("\t")[1]: bool(line.split("\t")[0].strip(":")) for line in done.stdout.splitlines()}
    assert ignored == {files[0]: True, files[1]: True, files[2]: False}, done.stdout + done.stderr

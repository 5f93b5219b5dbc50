"""First on PYTHONPATH, it lets each stage write at its end which files of the checkout it has imported."""

import os
import sys


def write(root: str) -> None:
    import json
    from pathlib import Path

    files = [Path(file) for module in list(sys.modules.values()) if (file := getattr(module, "__file__", None))]
    ours = sorted(str(path.relative_to(root)) for path in files if path.is_relative_to(root))
    stage, case = sys.orig_argv[3:]
    into = Path(os.environ["RECORD"], case, f"{stage}.json")
    into.parent.mkdir(parents=True, exist_ok=True)
    into.write_text(json.dumps(ours), encoding="utf-8")


if sys.orig_argv[1:3] == ["-m", "pipelines.stages"]:
    import atexit

    atexit.register(write, os.getcwd())  # noqa: PTH109 - a stage is to import pathlib by itself

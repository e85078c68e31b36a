"""Running a program, and how much memory a shell took at most."""

import os
import re
import subprocess
from pathlib import Path

from server import PASSWORD, USER

# The process of a shell knows its own peak; what wait4 tells includes that of
# the Python it was forked from.
PEAK = ".shell grep VmHWM /proc/$PPID/status"


def run(command: list[str | Path], text: str = "") -> str:
    """The output of a process that must succeed."""
    environment = os.environ | {"IMAP_USER": USER, "IMAP_PASSWORD": PASSWORD}
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=environment | {"PYTHONDONTWRITEBYTECODE": "1"},
    ) as process:
        process.stdin.write(text)
        process.stdin.close()
        output = process.stdout.read()
    if process.returncode != 0 or "rror" in output:
        raise SystemExit(f"bench: {' '.join(map(str, command))} failed:\n{output}")
    return output


def peak(output: str) -> int:
    """The peak memory in KiB that a shell told by [PEAK]."""
    return int(re.findall(r"VmHWM:\s+(\d+) kB", output)[-1])

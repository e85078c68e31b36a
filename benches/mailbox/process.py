"""Running a program, and how much memory it took at most."""

import os
import subprocess
from pathlib import Path

from server import PASSWORD, USER


def run(command: list[str | Path], text: str = "") -> tuple[str, int]:
    """The output of a process that must succeed, and its peak memory in KiB."""
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
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0 or "rror" in output:
        raise SystemExit(f"bench: {' '.join(map(str, command))} failed:\n{output}")
    return output, usage.ru_maxrss

"""The Dovecot that is measured against, and the lines to it."""

import contextlib
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
USER, PASSWORD = "ada", "pw-ada"


@dataclass(frozen=True)
class Link:
    """A way to reach the server."""

    name: str
    port: int
    tls: bool
    ca: Path

    @property
    def sql(self) -> str:
        """The server as SQL names it; by a name that its certificate has."""
        scheme, host = ("imaps", "localhost") if self.tls else ("imap+insecure", "127.0.0.1")
        return f"{scheme}://{host}:{self.port}"


@contextlib.contextmanager
def dovecot() -> Iterator[dict[str, str]]:
    """A private server; ends with the block, or with this process."""
    command = [ROOT / "tests/server/dovecot.sh", "run"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as launcher:
        facts = {}
        for line in launcher.stdout:
            if line.strip() == "READY":
                break
            name, _, value = line.strip().partition("=")
            facts[name] = value
        if "PORT" not in facts:
            raise SystemExit("bench: the server did not start")
        yield facts
        launcher.stdin.close()


@contextlib.contextmanager
def delayed(program: Path, target: int, milliseconds: int) -> Iterator[int]:
    """A port that leads to `target` with a longer round trip."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    arguments = [program, str(port), str(target), str(milliseconds)]
    with subprocess.Popen(arguments, stdin=subprocess.PIPE) as proxy:
        yield port
        proxy.stdin.close()


def fill(port: int, mail: Iterator[bytes], user: str = USER) -> tuple[int, int]:
    """Appends the mail to a user's INBOX; how many messages, and how many bytes."""
    count = size = 0
    with socket.create_connection(("127.0.0.1", port)) as server:
        answers = server.makefile("rb")
        answers.readline()
        say(server, answers, f"a LOGIN {user} pw-{user}\r\n".encode())
        batch = []
        for message in mail:
            batch.append(b" {%d+}\r\n%s" % (len(message), message))
            count, size = count + 1, size + len(message)
            if len(batch) == 500:
                say(server, answers, b"a APPEND INBOX%s\r\n" % b"".join(batch))
                batch = []
        if batch:
            say(server, answers, b"a APPEND INBOX%s\r\n" % b"".join(batch))
    return count, size


def say(server: socket.socket, answers, command: bytes) -> None:
    """One command, which must succeed."""
    server.sendall(command)
    for line in answers:
        if line.startswith(b"a "):
            if not line.startswith(b"a OK"):
                raise SystemExit(f"bench: the server says {line!r}")
            return
    raise SystemExit("bench: the server hung up")

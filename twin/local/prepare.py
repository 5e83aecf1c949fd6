"""Migrations, static files and the demo, in a process of its own: words come in, work is done.

`python -m twin.local.prepare migrate static demo` with the owner's DATABASE_URL. A process of
its own, so that `twin up` itself never carries Django through the day. `fingerprint` tells
`twin up` whether any of it is due.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
# What the database is made from: models, migrations, SQL and the declarations of layers.
SCHEMA_FOLDERS = ("twin/core", "layers", "tiles", "simulation", "vision")
STATIC_FOLDERS = ("twin/viewer/dist", "twin/core", "layers", "tiles", "simulation", "vision")


def fingerprint(what: str) -> str:
    """Changes when the sources of `migrate` or `static` do (names, sizes and times of files)."""
    digest = hashlib.sha256(f"{version('Django')} {version('django-ninja')}".encode())
    for path in sorted(_sources(what)):
        status = path.stat()
        name = path.relative_to(PROJECT)
        digest.update(f"{name} {status.st_size} {status.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def _sources(what: str) -> Iterator[Path]:
    for folder in SCHEMA_FOLDERS if what == "migrate" else STATIC_FOLDERS:
        for path in (PROJECT / folder).rglob("*"):
            inside = path.relative_to(PROJECT).parts
            wanted = path.suffix in {".py", ".sql"}
            if what == "static":
                wanted = "static" in inside or "dist" in inside
            if wanted and path.is_file():
                yield path


def main(words: list[str]) -> int:
    """Do what the words say, in a fixed order; exit 1 with one line where something fails."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "twin.settings.local")
    from twin.core.errors import TwinError

    try:
        import django

        django.setup()
        from django.core.management import call_command

        if "migrate" in words:
            call_command("migrate", interactive=False, verbosity=0)
        if "static" in words:
            call_command("collectstatic", interactive=False, verbosity=0, clear=True)
        if "demo" in words:
            from twin.demo.commands import seed_demo

            seed_demo()
    except TwinError as error:
        print(f"error: {error.message}", file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

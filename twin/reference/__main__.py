"""`python -m twin.reference [FOLDER]`: the declarations come in, Markdown pages go out."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "reference"


def pages() -> dict[str, Callable[[], str]]:
    """File name -> the function that writes the page. Layers and API need Django set up."""
    from twin.reference import api, case, commands, layers

    return {
        "layers.md": layers.write,
        "case-toml.md": case.write,
        "commands.md": commands.write,
        "api.md": api.write,
    }


def main(folder: Path = FOLDER) -> None:
    """Write every page and say which changed."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "twin.settings.local")
    # Declarations are read, nothing is served: any key does.
    os.environ.setdefault("TWIN_SECRET_KEY", "reference")
    import django

    django.setup()
    folder.mkdir(parents=True, exist_ok=True)
    for name, write in pages().items():
        path, text = folder / name, write()
        changed = not path.is_file() or path.read_text("utf-8") != text
        path.write_text(text, "utf-8")
        print(f"{path}: {'written' if changed else 'unchanged'}")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:2]))

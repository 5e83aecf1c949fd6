"""`twin demo`: a seed and a size come in, the synthetic city is in the twin."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

SEED, BUILDINGS = 1, 15_000


@dataclass
class Seeded:
    """What `seed_demo` did. layers: rows of each."""

    seed: int
    buildings: int
    unchanged: bool = False
    layers: dict[str, int] = field(default_factory=dict)
    generate_s: float = 0.0
    write_s: float = 0.0


def add_parser(subparsers: Any) -> None:
    """Declare `demo`."""
    demo = subparsers.add_parser(
        "demo",
        help="make the synthetic demo city",
        description="Make a synthetic city modelled on Đông Hà and store it with all its layers, "
        "terrain, a week of observations and demo users. The same seed makes the same city.",
        epilog="examples:\n  twin demo\n  twin demo --seed 7 --buildings 200000",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    demo.add_argument("--seed", type=int, default=SEED, metavar="N", help=f"default {SEED}")
    demo.add_argument(
        "--buildings",
        type=int,
        default=BUILDINGS,
        metavar="N",
        help=f"size of the city, 500 to 1,000,000 (default {BUILDINGS:,})",
    )
    demo.add_argument("--json", action="store_true", help="print what was made as JSON")
    demo.set_defaults(run=run, needs_django=True)


def run(args: argparse.Namespace) -> int:
    """Make the city and say what was made."""
    from twin.demo.logins import demo_logins, logins_file

    made = seed_demo(args.seed, args.buildings)
    if args.json:
        print(json.dumps({**made.__dict__, "logins": str(logins_file())}, ensure_ascii=False))
        return 0
    if made.unchanged:
        print(
            f"The demo city of seed {made.seed} with {made.buildings:,} buildings is there already"
        )
    else:
        rows = sum(made.layers.values())
        print(
            f"Demo city of seed {made.seed}: {made.layers['buildings']:,} buildings, "
            f"{made.layers['parcels']:,} parcels, {rows:,} rows in all; "
            f"made in {made.generate_s:.1f} s, stored in {made.write_s:.1f} s"
        )
    print(f"Demo logins (kept in {logins_file()}):")
    for username, password in demo_logins().items():
        print(f"  {username:<18} {password}")
    return 0


def seed_demo(
    seed: int = SEED,
    buildings: int = BUILDINGS,
    progress: Callable[[float, str], None] | None = None,
) -> Seeded:
    """Make and store the demo city and its users; at once where this one is there already.

    progress: told (fraction, message); without it a bar is drawn on stderr.
    Raises BadInput for sizes out of range, Conflict where the twin is of a real city.
    """
    from twin.demo import write
    from twin.demo.freshness import refresh_observations
    from twin.demo.logins import ensure_users

    if write.is_there(seed, buildings):
        refresh_observations()
        ensure_users()
        return Seeded(seed, buildings, unchanged=True)
    from twin.demo.city import generate

    write.refuse_real_city()
    with _Bar(progress) as say:
        start = time.perf_counter()
        city = generate(seed, buildings, progress=lambda part, words: say(0.35 * part, words))
        made = time.perf_counter()
        rows = sum(map(len, city.layers.values())) + len(city.observations)
        done = 0

        def copied(count: int, layer: str) -> None:
            nonlocal done
            done += count
            say(0.35 + 0.6 * done / rows, layer)

        counts = write.write_city(city, copied)
        say(0.97, "users")
        ensure_users()
        say(1.0, "demo city ready")
    return Seeded(
        seed, buildings, False, counts, round(made - start, 2), round(time.perf_counter() - made, 2)
    )


class _Bar:
    """A progress bar on stderr, or the caller's own progress."""

    def __init__(self, progress: Callable[[float, str], None] | None):
        self.progress = progress

    def __enter__(self) -> Callable[[float, str], None]:
        if self.progress:
            return self.progress
        from tqdm import tqdm

        self.bar = tqdm(
            total=100,
            file=sys.stderr,
            bar_format="Demo city: {n:3.0f} %|{bar}| {desc}",
        )
        return self._show

    def _show(self, fraction: float, message: str) -> None:
        self.bar.set_description_str(message, refresh=False)
        self.bar.update(100 * fraction - self.bar.n)

    def __exit__(self, *_: object) -> None:
        if not self.progress:
            self.bar.close()

"""What the services remember: ports, passwords and the addresses made of them.

Everything is kept in twin.env, so a QGIS connection made today works after a restart.
"""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass, field

from twin.core.errors import Unavailable
from twin.local import paths, roles
from twin.local.ports import free_port
from twin.local.redis_server import url as redis_url

SECRETS = (
    "TWIN_SECRET_KEY",
    "TWIN_POSTGRES_ADMIN_PASSWORD",
    "TWIN_OWNER_PASSWORD",
    "TWIN_WEB_PASSWORD",
    "TWIN_INGEST_PASSWORD",
    "TWIN_REDIS_PASSWORD",
    "TWIN_SUPERVISOR_PASSWORD",
)
PASSWORD_OF = {
    roles.OWNER: "TWIN_OWNER_PASSWORD",
    roles.WEB: "TWIN_WEB_PASSWORD",
    roles.INGEST: "TWIN_INGEST_PASSWORD",
}


@dataclass(frozen=True)
class Memory:
    """The remembered values, and which servers are ours to run."""

    values: dict[str, str] = field(repr=False)
    private_database: bool
    private_redis: bool
    # The secrets file was lost while the cluster stayed: its passwords must be set anew.
    lost_passwords: bool = False

    @property
    def postgres_port(self) -> int:
        """Loopback port of the private cluster."""
        return int(self.values["TWIN_POSTGRES_PORT"])

    @property
    def redis_port(self) -> int:
        """Loopback port of the private Redis."""
        return int(self.values["TWIN_REDIS_PORT"])

    @property
    def passwords(self) -> dict[str, str]:
        """Role -> password."""
        return {role: self.values[key] for role, key in PASSWORD_OF.items()}


def private_address(values: dict[str, str], role: str) -> str:
    """postgresql:// address of the private cluster for one role."""
    password, port = values[PASSWORD_OF[role]], values["TWIN_POSTGRES_PORT"]
    return f"postgresql://{role}:{password}@127.0.0.1:{port}/{roles.DATABASE}"


def remembered() -> Memory:
    """What the running services were started with; changes nothing."""
    return _memory(paths.read_env_file(), lost_passwords=False)


def _memory(values: dict[str, str], *, lost_passwords: bool) -> Memory:
    return Memory(
        values=values,
        private_database=not os.environ.get("DATABASE_URL"),
        private_redis=not os.environ.get("REDIS_URL"),
        lost_passwords=lost_passwords,
    )


def recall() -> Memory:
    """Read twin.env, add what is missing, keep ports that are free and write it back."""
    if paths.env_file().exists() and not os.access(paths.env_file(), os.R_OK):
        raise Unavailable(f"{paths.env_file()} can't be read by this user; start as its owner")
    values = paths.read_env_file()
    before = dict(values)
    for key in SECRETS:
        values.setdefault(key, secrets.token_hex(24))
    postgres = free_port(int(values.get("TWIN_POSTGRES_PORT", 0)))
    redis = free_port(int(values.get("TWIN_REDIS_PORT", 0)), taken=frozenset([postgres]))
    values["TWIN_POSTGRES_PORT"], values["TWIN_REDIS_PORT"] = str(postgres), str(redis)

    memory = _memory(values, lost_passwords="TWIN_POSTGRES_ADMIN_PASSWORD" not in before)
    if memory.private_database:
        values["DATABASE_URL"] = private_address(values, roles.OWNER)
        values["TWIN_WEB_DATABASE_URL"] = private_address(values, roles.WEB)
        values["TWIN_INGEST_DATABASE_URL"] = private_address(values, roles.INGEST)
    if memory.private_redis:
        values["REDIS_URL"] = redis_url(redis, values["TWIN_REDIS_PASSWORD"])
    if values != before:
        paths.write_env(values)
    return memory

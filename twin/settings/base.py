"""Settings that every way of running shares. The environment is read here and nowhere else."""

from __future__ import annotations

import os
from pathlib import Path

import rasterio  # first of all: GeoDjango loads the GDAL and GEOS of this wheel

from twin.local import paths

ENV = paths.read_env()
BASE_DIR = Path(__file__).resolve().parents[2]
TWIN_DATA = paths.data_dir()
TWIN_RESULTS = ENV.get("TWIN_RESULTS") or str(TWIN_DATA / "results")


def wheel_library(name: str) -> str:
    """Path of a shared library that the rasterio wheel carries."""
    folder = Path(rasterio.__file__).parent.parent / "rasterio.libs"
    found = sorted(folder.glob(f"{name}-*.so*"))
    if not found:
        raise ImportError(f"The installed rasterio carries no {name}; install its PyPI wheel")
    return str(found[0])


GDAL_LIBRARY_PATH = ENV.get("GDAL_LIBRARY_PATH") or wheel_library("libgdal")
GEOS_LIBRARY_PATH = ENV.get("GEOS_LIBRARY_PATH") or wheel_library("libgeos_c")


def database(url: str) -> dict[str, object]:
    """Django's database settings from a postgresql:// URL (a socket folder may stand in ?host=)."""
    from psycopg.conninfo import conninfo_to_dict

    parts = conninfo_to_dict(url)
    return {
        "ENGINE": "django.contrib.gis.db.backends.postgis",
        "NAME": parts.get("dbname", "twin"),
        "USER": parts.get("user", ""),
        "PASSWORD": parts.get("password", ""),
        "HOST": parts.get("host", ""),
        "PORT": str(parts.get("port", "")),
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {"options": "-c jit=off"},
        "TEST": {"TEMPLATE": ENV.get("TWIN_TEST_TEMPLATE", "template_twin")},
    }


# The server and its workers connect as a role that owns nothing; commands as the owner.
TWIN_ROLE = ENV.get("TWIN_ROLE", "owner")
OWNER_URL = ENV.get("DATABASE_URL", "postgresql:///twin")
DATABASE_URL = {
    "web": ENV.get("TWIN_WEB_DATABASE_URL", OWNER_URL),
    "ingest": ENV.get("TWIN_INGEST_DATABASE_URL", OWNER_URL),
}.get(TWIN_ROLE, OWNER_URL)
DATABASES = {"default": database(DATABASE_URL)}
TWIN_POOL_SIZE = int(ENV.get("TWIN_POOL_SIZE", "8"))
# The web server alone: a pool's threads would not outlive the worker's fork.
if os.environ.get("TWIN_PROCESS") == "server":
    DATABASES["default"]["OPTIONS"]["pool"] = {  # type: ignore[index]
        "min_size": 1,
        "max_size": TWIN_POOL_SIZE,
        "timeout": 10,
    }

REDIS_URL = ENV.get("REDIS_URL", "redis://127.0.0.1:6379/0")
SECRET_KEY = ENV.get("TWIN_SECRET_KEY", "")
DEBUG = False
ALLOWED_HOSTS = [
    host.strip() for host in ENV.get("TWIN_HOSTS", "localhost,127.0.0.1,[::1]").split(",")
]
CSRF_TRUSTED_ORIGINS = [
    origin.strip() for origin in ENV.get("TWIN_ORIGINS", "").split(",") if origin.strip()
]

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.gis",
    "django.contrib.postgres",
    "ninja",
    "twin.core",
    "layers",
    "tiles",
    "simulation",
]
MIDDLEWARE = [
    "twin.core.web.frame",
    "twin.core.express.express",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "twin.core.web.acting_user",
]
ROOT_URLCONF = "twin.urls"
ASGI_APPLICATION = "twin.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "twin" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
TIME_ZONE = ENV.get("TWIN_TIME_ZONE", "Asia/Ho_Chi_Minh")
LANGUAGE_CODE = "vi"
LANGUAGES = [("vi", "Tiếng Việt"), ("en", "English")]

VIEWER_DIST = BASE_DIR / "twin" / "viewer" / "dist"
STATIC_URL = "/static/"
STATIC_ROOT = TWIN_DATA / "static"
STATICFILES_DIRS = [("viewer", VIEWER_DIST)] if VIEWER_DIST.is_dir() else []

CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}
}
SESSION_ENGINE = "django.contrib.sessions.backends.cached_db"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SECURE_CONTENT_TYPE_NOSNIFF = True
X_FRAME_OPTIONS = "SAMEORIGIN"
if ENV.get("TWIN_HTTPS") == "1":
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

LONGEST_RUN_S = int(ENV.get("TWIN_LONGEST_RUN_S", str(24 * 3600)))
CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_ROUTES = {"simulation.tasks.run_simulation": {"queue": "simulation"}}
# Above the longest run: Redis gives a task that is not acknowledged by then to a second worker.
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": LONGEST_RUN_S + 3600}
CELERY_TASK_ACKS_LATE = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_IGNORE_RESULT = True
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TIMEZONE = TIME_ZONE
# An expired message is dropped, so a busy worker finds one of these and not a hundred.
CELERY_BEAT_SCHEDULE = {
    "look after runs": {
        "task": "simulation.tasks.reap",
        "schedule": 15.0,
        "options": {"queue": "default", "expires": 15},
    }
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "INFO"},
}

os.environ.setdefault("GDAL_NUM_THREADS", "2")

"""Settings of a running twin: what `twin up` wrote to the data folder, or the environment."""

from django.core.exceptions import ImproperlyConfigured

from twin.settings.base import *  # noqa: F403  # settings modules are made to be stacked
from twin.settings.base import SECRET_KEY

if not SECRET_KEY:
    raise ImproperlyConfigured(
        "No TWIN_SECRET_KEY: run `twin up` once (it writes one to the data folder) or set it"
    )

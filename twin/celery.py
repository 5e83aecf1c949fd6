"""The Celery app: tasks of every installed app, on the queues `simulation` and `default`."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "twin.settings.local")

from celery import Celery

app = Celery("twin")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

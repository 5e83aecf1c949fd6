"""The Celery app: tasks of every installed app, on the queues `simulation` and `default`."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "twin.settings.local")

from celery import Celery
from celery.signals import beat_embedded_init, worker_process_init

from twin.local.tether import end_with_parent

worker_process_init.connect(end_with_parent, weak=False)
beat_embedded_init.connect(end_with_parent, weak=False)
app = Celery("twin")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

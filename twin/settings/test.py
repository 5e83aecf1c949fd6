"""Settings of the tests: real services of their own (tests/services.py), cheap passwords."""

from twin.settings.base import *  # noqa: F403  # settings modules are made to be stacked

SECRET_KEY = "tests only"  # protects nothing: the test server lives for minutes on loopback
ALLOWED_HOSTS = ["*"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# Each test has its own event loop, so a pool would outlive the loop that it belongs to.
TWIN_POOL_SIZE = 0
LANGUAGE_CODE = "en"  # of answers to requests that name no language

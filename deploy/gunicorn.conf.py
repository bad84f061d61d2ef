"""`gunicorn -c deploy/gunicorn.conf.py`: the settings that come with the package, and a place for yours."""

from tracker.gunicorn_settings import *  # noqa: F403

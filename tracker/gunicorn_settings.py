"""How gunicorn runs the collector and the reports: `gunicorn -c python:tracker.gunicorn_settings`, or deploy/gunicorn.conf.py.

gevent: one process holds many open requests while its native thread commits them to disk together (docs/adr/0004).  Each worker
is one collector process with an intake file of its own.  Not preloaded: the door starts threads, which do not survive a fork.

Change settings by GUNICORN_CMD_ARGS="--workers 4 --bind 0.0.0.0:80"; it wins over this file.
"""

from __future__ import annotations

import gc
import logging
import re
from typing import Any

wsgi_app = "tracker.app:create_app()"
bind = "0.0.0.0:8000"
worker_class = "gevent"
workers = 2
preload_app = False
keepalive = 5
graceful_timeout = 20
control_socket_disable = True
accesslog = None  # would hold addresses


class WithoutAddresses(logging.Filter):
    """gunicorn names the sender of a malformed request; we log no addresses."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg = re.sub(r"from ip=\S+:", "refused:", str(record.msg))
        return True


def post_fork(server: Any, worker: Any) -> None:
    """In each worker, before it loads the application."""
    worker.log.error_log.addFilter(WithoutAddresses())


def post_worker_init(worker: Any) -> None:
    """In each worker, before it serves."""
    # What is loaded stays; without this a third of a busy worker's time goes into walking through it in search of garbage.
    gc.collect()
    gc.freeze()

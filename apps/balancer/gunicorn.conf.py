"""gunicorn's settings for the balancer: one process with many threads, because ring and lock are in one process."""

import os

from balancer.listeners import binds
from balancer.logs import configuration
from balancer.settings import read
from balancer.worker import head_limits

_settings = read(os.environ)

wsgi_app = "balancer.bootstrap:create_app()"
bind = binds(data_plane=_settings.data_plane, edge_dir=_settings.edge_dir)
# Only the balancer's own user, which the edge has too, may connect to the unix sockets.
umask = 0o177
workers = 1
worker_class = "balancer.worker.Worker"
threads = 64
keepalive = 75
control_socket_disable = True
# gunicorn would take these from whoever speaks over a unix socket: there the edge passes on what its clients send.
forwarder_headers = ""
secure_scheme_headers = {}
_limits = head_limits(_settings.bufsize)
limit_request_line = _limits["limit_request_line"]
limit_request_fields = _limits["limit_request_fields"]
limit_request_field_size = _limits["limit_request_field_size"]
graceful_timeout = 10
worker_tmp_dir = "/dev/shm"  # noqa: S108 (a memory file system; gunicorn makes an unnamed file there)
logconfig_dict = configuration(_settings.log_level)


def post_worker_init(worker):
    worker.wsgi.start(stopping=lambda: not worker.alive)


def worker_exit(server, worker):
    if hasattr(worker, "wsgi"):
        worker.wsgi.stop()

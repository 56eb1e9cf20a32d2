"""gunicorn's settings for the sample server."""

import whole_answers

whole_answers.install()

bind = "0.0.0.0:5000"
worker_class = "early_refusal.EarlyRefusal"
threads = 16

# Longer than any balancer keeps an idle connection: the side that reuses connections must be the one that closes them.
keepalive = 75
# After SIGTERM a request may finish; whoever stops the container decides how long it waits (docker's stop timeout).
graceful_timeout = 130

# It would be a socket in the home folder: the root file system is read-only, and nobody here asks it anything.
control_socket_disable = True

# One line per request costs more than the request; the edge logs them.
accesslog = None

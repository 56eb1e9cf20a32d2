"""gunicorn's settings for the sample server."""

import whole_answers

whole_answers.install()

bind = "0.0.0.0:5000"
worker_class = "early_refusal.EarlyRefusal"
threads = 16

# Longer than a balancer keeps an idle connection: the side that reuses connections has to be the one that closes them.
keepalive = 75
# After SIGTERM a request may finish. Docker's stop timeout decides how long the container may take.
graceful_timeout = 130

# The control socket would be in the home folder. The root file system is read-only, and nothing uses the socket.
control_socket_disable = True

# No access log: one line costs more than its request, and the edge can log requests.
accesslog = None

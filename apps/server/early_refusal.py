"""A gunicorn worker that refuses connections from the moment it is told to stop.

gunicorn's own worker goes on listening for up to 2 s without accepting. A client that connects meanwhile waits, is cut
off without an answer, and does not know whether the server took the request. After a refused connection a client can
send every request to another server.
"""

from gunicorn.workers.gthread import ThreadWorker


class EarlyRefusal(ThreadWorker):  # type: ignore[misc]  # gunicorn ships no types
    def set_accept_enabled(self, enabled: bool) -> None:
        super().set_accept_enabled(enabled)
        if not self.alive:
            for listener in self.sockets:
                listener.close()

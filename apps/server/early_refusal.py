"""Makes gunicorn refuse connections from the moment it is told to stop.

It goes on listening, without accepting, for up to 2 s: whoever connects meanwhile waits, is cut off unanswered, and
cannot tell whether the request was taken. Refused, every request can be sent to another server.
"""

from gunicorn.workers.gthread import ThreadWorker


class EarlyRefusal(ThreadWorker):  # type: ignore[misc]  # gunicorn ships no types
    def set_accept_enabled(self, enabled: bool) -> None:
        super().set_accept_enabled(enabled)
        if not self.alive:
            for listener in self.sockets:
                listener.close()

"""geventhttpclient's clients without their own retries.

When a connection ends before the answer, they send a GET or a DELETE again up to pool size + 1 times, whatever
max_retries says. A load test that does so hides what a balancer must show.
"""

from __future__ import annotations

from typing import Any

from geventhttpclient.client import HTTPClient, HTTPClientPool


class OneAttempt(HTTPClientPool):
    def get_client(self, url: Any) -> HTTPClient:
        client = super().get_client(url)
        # All that is left of the size once the pool is made is the number of attempts, its size and one.
        client._connection_pool.size = -1
        return client

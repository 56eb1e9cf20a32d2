"""The data plane haproxy (the edge): its configuration, its Runtime API, and the adapter over both."""

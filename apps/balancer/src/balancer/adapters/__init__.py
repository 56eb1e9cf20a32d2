"""Adapters: the ports over Docker, HAProxy, Flask, the file system, HTTP and the operating system."""

"""The outside world as it is: Docker, HAProxy, the file system, HTTP."""

"""The HAProxy data plane: its configuration, its Runtime API and the adapter over both."""

"""The services: they observe, let the core decide, and act through the ports."""

"""The one executor: observes, asks the core what to do, does it through the ports."""

"""The edge agent: on several hosts it stands beside an HAProxy, makes it obey what the hub in the balancer says, and
carries connections to the balancer. The words of both are in balancer/adapters/edges/wire.py."""

"""The command `ringmaster`: the control port's API in a terminal. It knows nothing but what /openapi.json says."""

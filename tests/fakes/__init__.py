"""The balancer's ports in memory. Each passes the same contract tests as the real adapter (tests/contract)."""

"""Pure decisions: standard library only; no clock, randomness, threads, sockets, files or logging."""

"""Pure decisions: standard library only; no clock, chance, threads, sockets, files or logging."""

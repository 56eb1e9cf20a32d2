"""What the service needs from the outside world, as small interfaces."""

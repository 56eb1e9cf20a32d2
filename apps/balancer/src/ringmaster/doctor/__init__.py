"""What `ringmaster doctor` looks at, and what it finds."""

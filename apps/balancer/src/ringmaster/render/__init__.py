"""Pictures of the API's documents. A document comes in, something that rich can print goes out; nothing is asked."""

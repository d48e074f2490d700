"""The JSON interface; ``routes`` has all of it."""

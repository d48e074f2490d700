"""The Japanese pages; ``routes`` has them all."""

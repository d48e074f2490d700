"""Word vectors: read texts, learn from them, keep what was learned, take over what others made."""

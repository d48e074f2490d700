"""Reading real files: bytes in, records and row-numbered problems out."""

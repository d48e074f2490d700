"""The collection: issues, organisations, cases and what became of them; read from real files, kept in SQL."""

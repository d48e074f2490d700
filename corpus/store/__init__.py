"""Every statement sent to the database, a module per noun; each function takes the connection of a transaction."""

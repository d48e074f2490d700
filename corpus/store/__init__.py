"""Every statement sent to the database, a module per noun; each function takes the session of a request."""

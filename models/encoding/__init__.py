"""The optional sentence encoder: open it, remember what it has read, what it costs."""

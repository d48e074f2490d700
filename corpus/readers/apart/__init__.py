"""Reading in a process of its own, with limits: what the service runs, and what both sides say to each other."""

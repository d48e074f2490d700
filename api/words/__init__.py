"""What people read, the same on pages, in JSON, in the terminal and in workbooks."""

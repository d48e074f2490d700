"""What lists are ranked with: fitted matchers that follow the database, and the weights in force."""

"""What the program does for people: plain functions, one visible transaction each; nothing of the web in here."""

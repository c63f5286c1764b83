"""Arrays and files that hold what is large, and bounds of memory."""

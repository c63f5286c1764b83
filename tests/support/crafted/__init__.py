"""Model files that were made to do harm, built byte by byte; Keras is not needed."""

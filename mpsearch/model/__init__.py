"""The only door to Keras and Pillow."""

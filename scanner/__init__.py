"""The domain and the program."""

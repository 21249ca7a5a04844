"""A fictitious company that serves itself over HTTP on loopback."""

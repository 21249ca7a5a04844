"""Tables to situations to findings."""

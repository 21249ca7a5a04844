"""Everything that talks to the outside; ``collectors.registry`` builds a collector by type."""

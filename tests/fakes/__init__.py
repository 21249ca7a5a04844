"""Servers and companies that really behave, made to misbehave on request."""

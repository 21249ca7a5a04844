"""Harnesses for what servers send: the same functions for hypothesis and for atheris."""

"""Promises of ghostscan, one file per module."""

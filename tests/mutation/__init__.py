"""Mutation testing of the reconciler: small wrong versions of it, each of which must be noticed."""

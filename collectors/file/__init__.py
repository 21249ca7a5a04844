"""Exports: CSV, NDJSON, JSON and XLSX files read as strictly as a server's answers.

A file is stored byte for byte before anything is taken from it. Two things can be wrong with one:
what is written in it, which the strict readers find, and where it ends, which a file of lines does
not show by itself. A list that was cut between two lines looks whole, so such a file is COMPLETE
only where something else vouches for its end: a count or a SHA-256 from the exporter.
"""

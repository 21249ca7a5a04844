"""A deliberately plain second implementation of the reconciler: dictionaries and loops, no SQL.

It shares no code with ``scanner.reconcile``. It is written from what the documents promise, so that
a disagreement means that one of the two does not do what was promised. It folds over the whole
history of a company instead of carrying tables from run to run.
"""

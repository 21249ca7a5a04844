"""The run folder: responses, manifest, digests and the chain of runs."""

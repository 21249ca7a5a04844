"""Changing what an audit found, so that nobody has to fear it.

A plan says exactly what would be sent; a second person approves that plan; guards look at the whole
of it before the first request; each request is written down before and after, and read back.

=========== =================================================================================
basis       what a finished run says: findings, accounts, figures, the run before
proposal    which findings may be planned at all, and why the others are left out
protected   accounts that are never touched
guard       limits on the whole plan; one breach and nothing is written anywhere
plan        ``plan.json``: every request to the byte, under one digest
approval    ``approval.json``: who agreed to which actions of exactly that plan
signature   signatures of files by ``ssh-keygen -Y``
journal     ``journal.jsonl``: what was about to be done, and how it ended
lock        one apply at a time, and who holds it
disk        files of a remediation, each step of writing them on its own
outcome     what one action came to, judged from what was read
attempt     one action: read, note, send, read back, note
pace        how fast, in which batches, and when an app is left alone
apply       a whole plan: dry run, execution, resumption
undo        a plan that takes back what is confirmed to be ours
check       is a remediation folder whole and unaltered
=========== =================================================================================
"""

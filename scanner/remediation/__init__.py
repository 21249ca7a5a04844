"""Changing what an audit found, so that nobody has to fear it.

A plan says exactly what would be sent; a second person approves that plan; guards look at the whole
of it before the first request; each request is written down before and after, and read back.

=========== =================================================================================
basis       what a finished run says: findings, accounts, figures, the run before
decision    what a reviewer decided about findings
protected   accounts that are never touched
proposal    which findings may be planned at all, and why the others are left out
guard       limits on the whole plan; one breach and nothing is written anywhere
plan        ``plan.json``: every request to the byte, under one digest
draft       from what may be planned to a plan
approval    ``approval.json``: who agreed to which actions of exactly that plan
signature   signatures of files by ``ssh-keygen -Y``
folder      where the files of one plan stand
disk        writing files, each step on its own
lock        one apply at a time, and who holds it
readiness   is everything still as the plan says
elsewhere   what other plans did to an account
journal     ``journal.jsonl``: what was about to be done, and how it ended
replay      what a journal says has happened
outcome     what one action came to, judged from what was read
attempt     one action: read, note, send, read back, note
pace        how fast, in which batches, and when an app is left alone
blast       are the accounts picked beforehand as they were
count       did the number of active accounts fall by exactly what was confirmed
watch       both looks around the changes to one app, written down
apply       a whole plan, resumable at any point
undo        a plan that takes back what is confirmed to be ours
check       is a remediation whole and unaltered
=========== =================================================================================
"""

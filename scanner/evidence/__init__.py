"""The run folder: what was received and concluded, kept so that a change cannot go unnoticed.

========== ==================================================================================
begin      lock, number and START of the next run
store      one run being written: takes what others write, seals it
response   one recorded exchange with a server, as a file
chain      one line per start and end of a run, each bound to the line before
manifest   what a run was made of, with the digest of every file
verify     is a run folder whole and unaltered
history    what earlier runs had found
closed     what earlier audits had found and is open no more
standing   what was open before a run and what it leaves open
earlier    what an earlier run saw, copied into the one that continues it
exhibit    a finding and the records it rests on, as they were received
excerpt    one record cut out of a response
reading    how completely the sources behind a finding were read
canonical  the one form in which JSON is written here
disk       files and directories, without following links
========== ==================================================================================
"""

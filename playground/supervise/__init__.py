"""What `make run` starts: prepare the data directory, then hand over to supervisord.

`manage.py up` migrates, seeds and collects static files in one process, then
replaces itself by supervisord in the foreground, which starts the programs of programs.py,
restarts what dies and stops all of it on Ctrl-C. announce.py waits for the ports to be healthy
and prints the URLs and sign-ins.
"""

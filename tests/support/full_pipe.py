"""Runs a command with a pipe that nobody reads as its standard error or output. The pipe is full.

Usage: full_pipe.py stderr|stdout stalled|nonblocking command [argument ...]

`stalled`: the pipe stays full. `nonblocking`: it does not block, and what is written to it is read
slowly and written to this program's own stdout.
"""

import fcntl
import os
import sys
import time

number = {"stdout": 1, "stderr": 2}[sys.argv[1]]
kind = sys.argv[2]
read, write = os.pipe()
fcntl.fcntl(write, 1031, 4096)  # F_SETPIPE_SZ
os.set_blocking(write, False)
if kind == "stalled":
    try:
        while True:
            os.write(write, b"." * 4096)
    except BlockingIOError:
        pass
    os.set_blocking(write, True)
    os.set_inheritable(read, True)  # the command itself holds the other end open
    os.dup2(write, number)
    os.close(write)
    os.execvp(sys.argv[3], sys.argv[3:])
pid = os.fork()
if pid == 0:
    os.dup2(write, number)
    os.close(write)
    os.close(read)
    os.execvp(sys.argv[3], sys.argv[3:])
os.close(write)
while part := os.read(read, 4096):
    sys.stdout.buffer.write(part)
    time.sleep(0.001)
sys.stdout.flush()
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))

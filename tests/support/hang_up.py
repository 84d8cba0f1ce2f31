"""Runs a command at a terminal, and closes the terminal when the command has printed a text.

Usage: hang_up.py text command [argument ...]
"""

import os
import pty
import sys

pid, terminal = pty.fork()
if pid == 0:
    os.execvp(sys.argv[2], sys.argv[2:])
shown = b""
while sys.argv[1].encode() not in shown:
    try:
        shown += os.read(terminal, 4096)
    except OSError:
        break
sys.stderr.write(shown.decode())
os.close(terminal)
code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
print("exit code", code)

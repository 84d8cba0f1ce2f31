"""Runs a command at a terminal of its own and answers its questions. Enter follows an answer, unless it
ends with Tab.

Usage: terminal.py '[["question", "answer"], ...]' command [argument ...]
"""

import json
import os
import pty
import sys

answers = json.loads(sys.argv[1])
pid, terminal = pty.fork()
if pid == 0:
    os.execvp(sys.argv[2], sys.argv[2:])

shown = b""
unread = b""
while True:
    try:
        part = os.read(terminal, 4096)
    except OSError:  # this is how Linux says that the command has ended
        break
    if not part:
        break
    shown += part
    unread += part.replace(b"\r", b"")
    if answers and answers[0][0].encode() in unread:
        answer = answers.pop(0)[1].encode()
        os.write(terminal, answer if answer.endswith(b"\t") else answer + b"\r")
        unread = b""

sys.stdout.write(shown.decode().replace("\r\n", "\n"))
if answers:
    print("never asked:", answers, file=sys.stderr)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))

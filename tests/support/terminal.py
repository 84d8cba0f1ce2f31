"""Runs a command at a terminal of its own, which is 80 columns wide.

Usage: terminal.py '[["question", "answer"], ...]' command [argument ...]

Answers its questions in order. Enter follows an answer, unless it ends with Tab. With - in the place
of the questions, it types what comes on the standard input, and prints at once what is shown.
"""

import fcntl
import json
import os
import pty
import select
import struct
import sys
import termios

is_live = sys.argv[1] == "-"
answers = [] if is_live else json.loads(sys.argv[1])
pid, terminal = pty.fork()
if pid == 0:
    os.execvp(sys.argv[2], sys.argv[2:])
fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))

shown = b""
unread = b""
sources = [terminal, 0] if is_live else [terminal]
while True:
    ready = select.select(sources, [], [])[0]
    if 0 in ready:
        typed = os.read(0, 4096)
        if typed:
            os.write(terminal, typed)
        else:
            sources.remove(0)
    if terminal not in ready:
        continue
    try:
        part = os.read(terminal, 4096)
    except OSError:  # this is how Linux says that the command has ended
        break
    if not part:
        break
    if is_live:
        os.write(1, part)
        continue
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

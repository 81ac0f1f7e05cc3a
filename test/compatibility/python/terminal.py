"""Runs a command on a pseudo-terminal, and presses Ctrl-C once it has written a text. Prints what it wrote, as JSON."""

import json
import os
import pty
import re
import select
import sys
import time

wanted, *command = json.load(sys.stdin)
pid, terminal = pty.fork()
if pid == 0:
    os.execvp(command[0], command)

written, pressed, deadline = "", False, time.monotonic() + 90
while time.monotonic() < deadline:
    if select.select([terminal], [], [], 0.2)[0]:
        try:
            chunk = os.read(terminal, 65536)
        except OSError:  # Linux says so when the command has closed its terminal
            break
        if not chunk:
            break
        written += chunk.decode(errors="replace")
    if not pressed and re.search(wanted, written):
        os.write(terminal, b"\x03")
        pressed = True
else:
    os.kill(pid, 9)
_, status = os.waitpid(pid, 0)
print(json.dumps({"written": written, "code": os.waitstatus_to_exitcode(status), "pressed": pressed}))

"""Runs a command on a pseudo-terminal, and presses keys once it has written a text. Prints what it wrote, as JSON.

Input: {"command": [...], "steps": [[text, keys, again], ...]}. Each text is sought in what was written after the step
before. While it does not come, the keys "again", if given, are pressed every five seconds.
"""

import json
import os
import pty
import re
import select
import sys
import time

given = json.load(sys.stdin)
steps = list(given["steps"])
pid, terminal = pty.fork()
if pid == 0:
    os.execvp(given["command"][0], given["command"])

written, seen, pressed, deadline = "", 0, time.monotonic(), time.monotonic() + 90
while time.monotonic() < deadline:
    if select.select([terminal], [], [], 0.2)[0]:
        try:
            chunk = os.read(terminal, 65536)
        except OSError:  # Linux says so when the command has closed its terminal
            break
        if not chunk:
            break
        written += chunk.decode(errors="replace")
    if steps and re.search(steps[0][0], written[seen:]):
        os.write(terminal, steps.pop(0)[1].encode())
        seen, pressed = len(written), time.monotonic()
    elif steps and len(steps[0]) > 2 and time.monotonic() > pressed + 5:
        os.write(terminal, steps[0][2].encode())
        pressed = time.monotonic()
else:
    os.kill(pid, 9)
_, status = os.waitpid(pid, 0)
print(json.dumps({"written": written, "code": os.waitstatus_to_exitcode(status), "pressed": not steps}))

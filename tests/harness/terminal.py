"""A terminal for a program under test: a pty, and of the screen as much as `pgweir top` uses. What it does not know fails."""

import contextlib
import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import threading

from .programs import clean_environment
from .wait import wait_until

# Cursor to a row's beginning, colours, erase below, and the modes: alternate screen, cursor, wrapping.
SEQUENCE = re.compile(r"\x1b\[(?:(\d+);1H|([\d;]*)m|(J)|\?(1049|25|7)([hl]))")
WAYS_BACK = ("\x1b[?1049l", "\x1b[?25h", "\x1b[?7h")


class Terminal:
    """Runs a program on a pty of its own, which is its controlling terminal."""

    def __init__(self, *command, rows=24, columns=80, cwd=None, **environment):
        self.master, self.slave = pty.openpty()
        self.resize(rows, columns)
        self.settings = termios.tcgetattr(self.slave)
        self.output = ""        # all there has been
        self._bytes = b""
        self._may_read = threading.Event()
        self._may_read.set()
        take = "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execvp(sys.argv[1], sys.argv[1:])"
        self.process = subprocess.Popen(["/usr/bin/python3", "-c", take, *map(str, command)], stdin=self.slave, stdout=self.slave,
                                        stderr=self.slave, start_new_session=True, cwd=cwd,
                                        env=clean_environment(TERM="xterm", **environment))
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        while True:
            self._may_read.wait()
            try:
                data = os.read(self.master, 65536)
            except OSError:
                return
            self._bytes += data
            self.output = self._bytes.decode(errors="surrogateescape")

    def resize(self, rows, columns):
        self.rows, self.columns = rows, columns
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    @contextlib.contextmanager
    def unread(self):
        """Reads nothing of what the program writes; perhaps one piece more."""
        self._may_read.clear()
        try:
            yield
        finally:
            self._may_read.set()

    def is_full(self):
        """Whether the program's next byte would have to wait."""
        return not select.select([], [self.slave], [], 0)[1]

    def current_settings(self):
        return termios.tcgetattr(self.slave)

    def type(self, text):
        os.write(self.master, text.encode())

    def screen(self):
        """The alternate screen's lines; of a screen that is being written, as far as it has come."""
        text = self.output.partition("\x1b[?1049h")[2].partition("\x1b[?1049l")[0]
        text = re.sub(r"\x1b(\[[\d;?]*)?$", "", text)   # a sequence that has not come whole
        lines, row, at = {}, 0, 0
        while at < len(text):
            if text[at] != "\x1b":
                end = text.find("\x1b", at)
                end = len(text) if end < 0 else end
                part = text[at:end]
                assert part.isprintable() or any("\udc80" <= c <= "\udcff" for c in part[-3:]), repr(part)
                lines[row] = part
                at = end
                continue
            found = SEQUENCE.match(text, at)
            assert found, repr(text[at:at + 20])
            if found[1]:
                row = int(found[1]) - 1
            elif found[3]:
                lines = {number: line for number, line in lines.items() if number < row}
            at = found.end()
        return [lines.get(number, "").rstrip() for number in range(min(max(lines, default=-1) + 1, self.rows))]

    def text(self):
        return "\n".join(self.screen())

    def wait_for(self, pattern, deadline=30):
        """Until the screen matches; the match."""
        def look():
            assert self.process.poll() is None or re.search(pattern, self.text()), f"ended with {self.process.poll()}: {self.output[-2000:]!r}"
            return re.search(pattern, self.text())
        return wait_until(look, f"the screen shows {pattern!r}, not {self.text()!r}", deadline=deadline)

    def wait(self, deadline=30):
        return self.process.wait(timeout=deadline)

    def is_restored(self):
        """Whether the program has left the terminal as it found it."""
        return self.current_settings() == self.settings and all(self.output.rfind(way) > self.output.rfind(way[:-1] + other)
                                                                     for way, other in zip(WAYS_BACK, "hll"))

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self.slave)
        self._reader.join(timeout=10)   # the last one has closed the other end
        os.close(self.master)

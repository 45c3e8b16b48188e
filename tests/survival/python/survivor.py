"""What a survivor does, here for Python's blocking drivers: units of work, one after the other, each in a transaction that
is told by the database how slow to be, until standard input ends. Its standard output has a line for each:

    done ID                      it was committed
    failed ID SQLSTATE TEXT      it was not, or nobody knows; the SQLSTATE is ----- where the driver has none
    lost SQLSTATE TEXT           a connection that nobody used was lost, as the driver tells it

Errors are handled as the driver's users do, around one unit, and nowhere else."""

import os
import sys
import threading

NAME = os.environ["SURVIVAL_NAME"]
DSN = os.environ["SURVIVAL_DSN"]
WORKERS = int(os.environ["SURVIVAL_WORKERS"])
PAUSE = float(os.environ["SURVIVAL_PAUSE"])
# So often a connection is replaced by a new one, so that logins meet every weather, too.
USES = 5

# The statements of a unit; between the two the application is busy with something else for so many seconds.
PACE = "SELECT client_seconds FROM pace, pg_sleep(server_seconds)"
INSERT = "INSERT INTO work (id) VALUES (%s)"

_ending = threading.Event()
_output = threading.Lock()


def say(*words):
    line = " ".join(" ".join(str(word).split()) for word in words)
    with _output:
        print(line, flush=True)


def identity(worker, turn):
    return f"{NAME}/{worker}/{turn}"


def survive(worker_of, errors, sqlstate_of):
    """worker_of(number) makes the function that does one unit, given its id; `errors` are what the driver raises."""

    def work(number):
        unit = worker_of(number)
        turn = 0
        while not _ending.wait(PAUSE):
            turn += 1
            name = identity(number, turn)
            try:
                unit(name)
                say("done", name)
            except errors as problem:
                say("failed", name, sqlstate_of(problem) or "-----", problem)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(WORKERS)]
    for thread in threads:
        thread.start()
    sys.stdin.read()
    _ending.set()
    for thread in threads:
        thread.join()

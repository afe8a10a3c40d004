"""A worker in Python: `python3 worker.py <redis URL> <run> <queue> <queue of results> <folder of the Lua scripts>`

Each marble is JSON, a number; its square goes to the queue of results in the same step in which the marble is finished.
What is no number is an error: it is given back for another attempt, and in the end it is dead. SIGTERM stops the worker.
"""
import json, signal, sys, threading, time, uuid
from marblerun import Holder, Link, Scripts, decode, encode

LEASE_MS, MAX_ATTEMPTS, RETRY_MS = 3000, 3, 10


def work(data):
    if not isinstance(data, int):
        raise TypeError(f"{data!r} is no number")
    return data * data


def main(url, run, queue, results, folder):
    link, waiting, beating, scripts = Link(url, run), Link(url, run), Link(url, run), Scripts(folder)
    stopping, lost = threading.Event(), threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stopping.set())
    new_holder = lambda: Holder(link, waiting, scripts, queue, LEASE_MS, MAX_ATTEMPTS)
    current = [new_holder()]

    def heartbeat():
        while True:
            holder = current[0]
            if not holder.beat(beating) and holder is current[0]:
                lost.set()
            time.sleep(LEASE_MS / 4000)

    threading.Thread(target=heartbeat, daemon=True).start()
    finished, outputs = None, ()
    while True:
        holder = current[0]
        swapped = None if lost.is_set() else holder.swap(finished, outputs, 0 if stopping.is_set() else 1)
        finished, outputs = None, ()
        if swapped is None:  # given up, or forgotten: what it holds goes back, and a new holder goes on
            holder.leave()
            lost.clear()
            current[0] = new_holder()
            continue
        taken = swapped[1]
        if stopping.is_set():
            return holder.leave()
        came = taken[0] if taken else holder.wait(1)
        if not came:
            continue
        seq, envelope = came
        try:
            result = work(json.loads(decode(envelope)["data"]))
            outputs = ((results, encode(uuid.uuid4().hex, 0, int(time.time() * 1000), "j", json.dumps(result).encode())),)
            finished = seq
        except (ValueError, TypeError) as error:
            holder.fail(seq, error, RETRY_MS)


if __name__ == "__main__":
    main(*sys.argv[1:])

"""MarbleRun for Python, written from docs/PROTOCOL.md with the standard library and `redis`: one marble at a time."""
import base64, hashlib, json, re, socket, time, uuid
from pathlib import Path

NAMES = {"run": r"[A-Za-z0-9._-]{1,64}", "lane": r"[A-Za-z0-9._-]{1,64}"}
NAMES["queue"] = NAMES["id"] = r"[A-Za-z0-9._:/-]{1,128}"
RUN_KEYS = ("counts", "queues", "outboxes", "later", "dead", "letters", "serial", "watched")  # 1 to 8 of these
BATCH_KEYS = ("batches", "batchdead", "children", "cancelled", "batchends")
KNOWN = "B"  # the batch that a marble is a member of: a run with batches has layout 2, which this program refuses
NO_OOM = {"push", "pushAny", "land"}  # the others may run when Redis is over its maxmemory


def is_name(kind, text):
    return re.fullmatch(NAMES[kind], text, re.ASCII) is not None


def key(run, *parts):
    return ":".join((f"mr:{{{run}}}",) + parts)


def base36(number):
    digits = ""
    while number or not digits:
        number, digit = divmod(number, 36)
        digits = "0123456789abcdefghijklmnopqrstuvwxyz"[digit] + digits
    return digits


def encode(id, attempt, sent_at, type, data, words=()):
    return " ".join((id, str(attempt), base36(sent_at), type) + tuple(words)).encode() + b"\n" + data


def decode(envelope):
    """Reads an envelope. Raises ValueError where the bytes are not one."""
    found = re.match(rb"([^ \n]+) (\d+) ([0-9A-Za-z]+) ([jbc])((?: [^\n]*)?)\n", envelope)
    if not found:
        raise ValueError("no envelope")
    id, attempt, sent, type, words = (part.decode("latin1") for part in found.groups())
    marble = {"id": id, "attempt": int(attempt), "sentAt": int(sent, 36), "type": type, "data": envelope[found.end():]}
    words = [word for word in words.split(" ") if word[1:2] == "="]
    if any(word[0].isupper() and word[0] not in KNOWN for word in words):
        raise ValueError("a word that whoever finishes it must know")
    return {**marble, "words": words}


def fingerprint(entries):
    text = ",".join(str(len(entry)) for entry in entries).encode() + b"".join(entries)
    return base64.urlsafe_b64encode(hashlib.sha1(text).digest()).rstrip(b"=").decode()


def script_text(read, name, flags):
    """Puts a script together; `read` returns the text of a file by its name without `.lua`."""
    parts = lambda line: "".join(read(f"lib/{part}") for part in line[1].split(" "))
    return f"#!lua flags={flags}\n" + re.sub(r"^-- include (.+)$", parts, read(name), count=1, flags=re.M)


class Scripts:
    def __init__(self, folder):
        self.read = lambda name: (Path(folder) / f"{name}.lua").read_text()
        self.texts = {}

    def call(self, client, name, keys, args, oom=True):
        """Runs a script with EVALSHA, or sends its text where Redis does not have it (any more)."""
        from redis.exceptions import NoScriptError

        flags = "allow-oom" if oom and name not in NO_OOM else ""
        text = self.texts.setdefault((name, flags), script_text(self.read, name, flags))
        try:
            return client.evalsha(hashlib.sha1(text.encode()).hexdigest(), len(keys), *keys, *args)
        except NoScriptError:
            return client.eval(text, len(keys), *keys, *args)


class Link:
    """One connection. A command that was cut off is sent again, after its remains at Redis were ended."""

    def __init__(self, url, run):
        self.url, self.run, self.client, self.session = url, run, None, None

    def do(self, command):
        """Calls `command(client, again)`; `again` is true where an earlier try may have been done."""
        import redis

        again = False
        while True:
            try:
                self.client = self.client or self.connect(redis)
                return command(self.client, again)
            except (redis.exceptions.ConnectionError, redis.exceptions.TimeoutError):
                again, self.client = True, None
                time.sleep(0.05)

    def connect(self, redis):
        no_retry = redis.retry.Retry(redis.backoff.NoBackoff(), 0)  # only this class knows what may be sent again
        client = redis.Redis.from_url(self.url, max_connections=1, retry=no_retry)
        found = client.set(key(self.run, "layout"), "1", nx=True) or client.get(key(self.run, "layout"))
        if found not in (True, b"1"):
            raise SystemExit(f"run {self.run} has layout {found!r}; this program knows layout 1")
        about = client.execute_command("CLIENT", "INFO")  # text, or parsed, depending on the version of `redis`
        about = dict(re.findall(r"(\S+)=(\S*)", about.decode())) if isinstance(about, bytes) else about
        if self.session and self.session["id"] != about["id"]:
            client.execute_command("CLIENT", "KILL", "ID", self.session["id"], "ADDR", self.session["addr"])
        self.session = about
        return client


class Holder:
    """Takes from one queue, one marble at a time; the marbles that it sends are committed with its finish."""

    def __init__(self, link, waiting, scripts, queue, lease_ms, max_attempts):
        self.link, self.waiting, self.scripts, self.queue, self.lease_ms = link, waiting, scripts, queue, lease_ms
        self.id, self.op, self.noted, self.seq, self.inbox = uuid.uuid4().hex, 0, 0, 1, None
        self.max_attempts, self.waits_on = max_attempts, ""
        about = ("maxAttempts", max_attempts, "host", socket.gethostname())
        self.script("enter", [self.k("holders"), self.k("holder", self.id), self.k("held", self.id)],
                    [self.id, lease_ms, *about])

    def k(self, *parts):
        return key(self.link.run, *parts)

    def lines(self, queues):
        """The keys of lines: their lists, then their wake-ups."""
        return [self.k(kind, queue) for kind in ("q", "wake") for queue in queues]

    def script(self, name, keys, args, oom=True):
        return self.link.do(lambda client, again: self.scripts.call(client, name, keys, args, oom))

    def beat(self, link):
        """Sends a heartbeat, from its own thread with its own link. Returns False where the holder was given up."""
        keys = [self.k("holders"), self.k("holder", self.id)]
        return link.do(lambda client, _: self.scripts.call(client, "beat", keys, [self.id, self.lease_ms, ""]))[0] == 1

    def swap(self, finished=None, outputs=(), want=1):
        """Finishes `finished` (a seq), sends `outputs` ((queue, envelope), ...), takes. None: forgotten; else (refused, taken)."""
        self.op, first, self.seq = self.op + 1, self.seq, self.seq + want
        inbox, lines = self.inbox, sorted({queue for queue, _ in outputs})
        groups = [part for queue, envelope in outputs  # of each: kind, line, extra, owners, how many, envelopes
                  for part in ("back", lines.index(queue) + 1, "", f"{finished} 1 1", 1, envelope)]
        ranges = [1, self.queue, 1, finished, 1] if finished else [0]  # queues; of each: name, ranges; of each: first, how many
        tail = [-1, 0, first, want, inbox[0] if inbox else 0, inbox[1] if inbox else 0, self.queue,
                1, self.queue, len(lines), *lines, 0, *ranges, len(outputs), *groups]
        keys = [*(self.k(name) for name in RUN_KEYS), self.k("holders"), self.k("holder", self.id), self.k("held", self.id),
                self.k("inbox", self.id, self.waits_on), self.k("deadlines"), self.k("q", self.queue),
                *self.lines(lines)]
        reply = self.link.do(lambda client, again: self.scripts.call(
            client, "swap", keys, [self.id, self.lease_ms, self.op, self.noted, "1" if again else "", *tail], not lines))
        if reply[0] == b"forgotten":
            return None
        self.inbox, self.waits_on = None, self.queue
        if finished or reply[2:] or (inbox and inbox[1]):
            self.noted = self.op
        return reply[1], [(start + i, envelope) for _, start, some in reply[2:] for i, envelope in enumerate(some)]

    def wait(self, seconds):
        """Waits for a marble, after an empty swap. Returns (seq, envelope), which the next swap adopts, or None."""
        self.inbox, self.seq = (self.seq, 0), self.seq + 4

        def move(client, again):
            if again:
                return False  # this is not known: the next swap tells
            about = [self.id, self.lease_ms, self.waiting.session["id"]]
            if self.scripts.call(client, "wait", [self.k("holders"), self.k("holder", self.id)], about) == 0:
                return False
            names = (self.k("q", self.queue), self.k("inbox", self.id, self.queue))
            return client.execute_command("BLMOVE", *names, "RIGHT", "LEFT", seconds)

        came = self.waiting.do(move)
        if came is None:
            self.inbox = None  # its time was over, so nothing lies there
        elif came:
            self.inbox = (self.inbox[0], 1)
            return self.inbox[0], came

    def fail(self, seq, error, delay_ms):
        """Fails a marble: it gets another attempt, or is dead. Returns False where it was no longer ours."""
        if self.inbox and self.swap(want=0) is None:
            return False
        self.op += 1
        keys = [*(self.k(name) for name in RUN_KEYS), self.k("holders"), self.k("held", self.id), self.k("deadlines"),
                self.k("trial", "absent")]
        args = [self.id, self.op, self.noted, self.max_attempts, 1, self.queue,
                f"{seq}/{self.queue}", 1, "fail", delay_ms, json.dumps({"message": str(error)})]
        reply = self.script("giveback", [*keys, *self.lines([self.queue]), *(self.k(name) for name in BATCH_KEYS)], args)
        if reply[0] == b"ok":
            self.noted = self.op
        return reply[0] == b"ok" and not reply[1]

    def leave(self):
        """Gives back everything that it has, as if it had not been taken."""
        entry, lines, batches = self.k("holder", self.id), [], [self.k(name) for name in BATCH_KEYS]
        self.script("orphans", [self.k("holders"), entry], [self.id, self.waits_on])
        keys = [*(self.k(name) for name in RUN_KEYS), self.k("holders"), entry, self.k("held", self.id),
                self.k("inbox", self.id, self.waits_on)]
        while True:
            args = [self.id, "released", 1, 500, 1 << 20, self.waits_on, len(lines), *lines]
            status, *rest = self.script("reclaim", [*keys, *self.lines(lines), *batches], args)
            if status == b"missing":
                lines += [queue.decode() for queue in rest]
            elif status != b"more":
                return

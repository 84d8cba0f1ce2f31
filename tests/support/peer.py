"""A Python client or service of the tests, on top of the stand-in for the MSL-Network package.

    peer.py client HOST PORT [CERT]   calls Lab, prints one JSON line per answer
    peer.py service HOST PORT [CERT]  offers add, fail, notify and more until it is shut down
    peer.py multimeter HOST PORT [CERT]  offers a class whose methods are annotated
    peer.py visitor HOST PORT [CERT]  connects as a client and leaves, prints how that went
    peer.py administrator HOST PORT [CERT]  asks for the users, then shuts the Manager down
    peer.py caller HOST PORT [CERT]   sends the requests of $CALLS, prints one JSON line per answer
    peer.py listener HOST PORT [CERT]  links with Meter, prints its entry, notifications and a result
    peer.py historian HOST PORT [CERT]  calls Recorder, prints the answers and one alarm, acknowledges it
    peer.py holder HOST PORT [CERT]   links with $SERVICE, prints what it saw of the end

It logs in with $USERNAME and $PASSWORD, and connects from $SOURCE_ADDRESS if that is set.
"""
import json
import logging
import os
import signal
import sys
import threading
from typing import Any, Dict, List, Literal, Optional, Tuple, Union

from msl.network import Service, connect

logging.basicConfig(level="INFO", format="%(levelname)s %(message)s")
role, host, port = sys.argv[1], sys.argv[2], int(sys.argv[3])
env = os.environ
options = dict(
    host=host,
    port=port,
    disable_tls=len(sys.argv) < 5,
    cert_file=sys.argv[4] if len(sys.argv) > 4 else None,
    source_address=(env["SOURCE_ADDRESS"], 0) if "SOURCE_ADDRESS" in env else None,
    username=env.get("USERNAME"),
    password=env.get("PASSWORD"),
)


def show(*values):
    print(json.dumps(values), flush=True)


def describe(error):
    return str(error) if isinstance(error, RuntimeError) else f"{type(error).__name__}: {error}"


def connected(name):
    try:
        return connect(name=name, **options)
    except ConnectionError as error:
        sys.exit(str(error))


def client():
    cxn = connected("python")

    def call(service, attribute, *args, **kwargs):
        try:
            show(attribute, None, cxn.request(service, attribute, *args, **kwargs))
        except RuntimeError as error:
            show(attribute, str(error), None)

    call("Manager", "acquire_lock", "Lab", shared=False)
    try:
        link = cxn.link("Lab")
    except RuntimeError as error:
        sys.exit(str(error))
    assert link.service_attributes["add"] == "(x, y)"
    call("Lab", "add", 1, y=2)
    call("Lab", "add", "Ω", "µ")
    call("Lab", "add", 1)
    call("Lab", "add", float("nan"), 1)
    call("Nothing", "add", 1)
    cxn.disconnect()


class PythonLab(Service):
    def __init__(self):
        super().__init__(name="Python Lab")
        self._finish = threading.Event()
        # A thread waits for the signal: a handler would run in the main thread, which may be about to wait.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
        threading.Thread(target=self._await_signal, daemon=True).start()

    def _await_signal(self):
        signal.sigwait({signal.SIGUSR1})
        self._finish.set()

    def add(self, x, y, **others):
        return x + y + sum(others.values())

    def numbers(self):
        return [float("nan"), float("inf"), -float("inf"), 2**60]

    def notify(self, *args):
        self.emit_notification(*args, unit="Ω")
        return True

    def fail(self):
        raise ValueError("The value is < 0")

    def late(self):
        """Who has requested this, looked up at the end of a measurement: on SIGUSR1."""
        self._finish.wait()
        return self.request["requester"]

    def shutdown_service(self):
        return "bye"


class Multimeter(Service):
    ranges = [0.1, 1, 10]
    model = "3458A"

    def __init__(self):
        super().__init__(name="Python DMM", max_clients=1)
        self.settings: Dict[str, Any] = {}

    def measure(self, channel: int, unit: Literal["V", "mV"] = "V") -> Dict[str, float]:
        return {unit: channel * (1.5 if unit == "V" else 1500)}

    def configure(self, channel: int, *, range: Optional[float] = None, label: str = "a, b)") -> List[Union[int, str]]:
        return [channel, f"{range} {label}"]

    def limits(self, channels: "list[int]", default=object()) -> Tuple[float, Optional[float]]:
        return (min(channels), None)

    def anything(self, *args, **kwargs):
        return [args, kwargs]


def visitor():
    cxn = connected("visitor")
    print(*cxn.identities()["clients"], flush=True)
    cxn.disconnect()


def administrator():
    cxn = connected("administrator")
    for attribute in ("users_table.users", "shutdown_manager"):
        show(attribute, cxn.admin_request(attribute))


def caller():
    """Requests [service, attribute, [argument, ...]], each after the answer before, or with $AT_ONCE all at once."""
    cxn = connected("caller")
    answers = [lambda call=call: cxn.request(*call[:2], *call[2]) for call in json.loads(env["CALLS"])]
    if "AT_ONCE" in env:
        futures = [cxn.request(*call[:2], *call[2], asynchronous=True) for call in json.loads(env["CALLS"])]
        answers = [future.result for future in futures]
    for answer in answers:
        try:
            show(None, answer())
        except RuntimeError as error:
            show(str(error), None)
    cxn.disconnect()


def historian():
    """Asks Recorder for its history as a program of a user does, and waits for an alarm."""
    cxn = connected("historian")
    recorder = cxn.link("Recorder")
    alarmed = threading.Event()

    def handler(kind, **alarm):
        if kind != "alarm":
            return
        show( alarm["source"], alarm["state"], alarm["value"], alarm["limit"])
        alarmed.set()

    recorder.notification_handler = handler
    show([source["source"] for source in recorder.sources()])
    show(recorder.latest("DMM.voltage")[0]["value"], recorder.latest()[0]["gap"])
    history = recorder.history("DMM.voltage", start=0, end="1970-01-01T00:00:00.080", points=2)
    show([[bucket["minimum"], bucket["mean"], bucket["count"]] for bucket in history["buckets"]])
    show(history["gaps"])
    try:
        recorder.history("DMM.voltage", points=0)
    except RuntimeError as error:
        show(str(error))
    show("ready")
    alarmed.wait(60)
    show(recorder.acknowledge("DMM.voltage")["acknowledgedBy"].startswith("historian["))
    cxn.disconnect()


def listener():
    """Links with Meter, starts its notifications, and reads after the third one."""
    notified = threading.Semaphore(0)
    cxn = connected("listener")
    link = cxn.link("Meter")
    show("attributes", link.service_attributes)

    def handler(*args, **kwargs):
        show("notified", args, kwargs)
        notified.release()

    link.notification_handler = handler
    link.notify(3)
    for _ in range(3):
        assert notified.acquire(timeout=60)
    show("read", link.read())
    show("values", link.values())
    show("connected", cxn.is_connected(), list(cxn.identities()["services"]["Meter"]))
    cxn.disconnect()


def holder():
    """Has a link with $SERVICE, and the lock with $LOCK. Waits for the end of the connection.

    With $LEAVE it disconnects, on SIGUSR1. With $PENDING it has a request that is not answered.
    """
    ended = threading.Event()
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
    cxn = connected("holder")
    cxn.shutdown_handler = lambda exc=None: ended.set()
    link = cxn.link(env["SERVICE"])
    if "LOCK" in env:
        link.acquire_lock()
    pending = link.measure(asynchronous=True) if "PENDING" in env else None
    show("holding")
    if "LEAVE" in env:
        signal.sigwait({signal.SIGUSR1})
        cxn.disconnect()
    ended.wait()
    failure = pending and describe(pending.exception())
    cxn.disconnect()
    print(json.dumps(dict(shutdown_handler=ended.is_set(), is_connected=cxn.is_connected(), pending=failure)))


roles = dict(
    client=client,
    service=lambda: PythonLab().start(**options),
    multimeter=lambda: Multimeter().start(**options),
    visitor=visitor,
    administrator=administrator,
    caller=caller,
    historian=historian,
    listener=listener,
    holder=holder,
)
roles[role]()

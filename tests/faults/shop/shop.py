"""A shop to disturb: nginx before a service of threads, PostgreSQL and a pricing service behind it.

    shop.py up FOLDER --rate 45 --rows 1500000 --otlp PORT [--enter FILE,FILE]
                      [--cache MIB] [--service ADDRESS --web ADDRESS --web-space NAMESPACE]

Brings all of it up below FOLDER, which must not be there yet and is removed at the end,
writes FOLDER/ready, then asks for items, searches and orders at a steady rate with open
arrivals. FOLDER/access.log is nginx's log with response times; the service tells its
spans and the use of its pool by OTLP over HTTP to PORT.

FOLDER/fault says what is wrong, as `NAME SIZE`:

    lock S       a search holds the one lock of searches for S seconds
    pool S       all connections but one leak, and each is kept S seconds longer than needed
    upstream S   pricing sleeps for S seconds
    query 1      the index that searches use is dropped

With a cache, the service keeps so much in memory and each request looks at drawn places
of it. With a namespace, nginx and those who ask are in it, and a network lies between them and
the service; the addresses are those of either side.

Needs nginx, PostgreSQL, and from PyPI opentelemetry-sdk,
opentelemetry-exporter-otlp-proto-http and psycopg[binary]. Listens on loopback only, unless
addresses are given.
"""

import argparse
import contextlib
import ctypes
import glob
import os
import pathlib
import queue
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

WEB, SERVICE, PRICING, DATABASE = 18000, 18080, 18090, 18432
POOL = 16
# Places of its cache that a request looks at, each likely on a page of its own.
LOOKS = 100
DSN = f"host=127.0.0.1 port={DATABASE} user=shop dbname=postgres"
NGINX = """
worker_processes 1; daemon off; pid {folder}/nginx.pid; error_log {folder}/nginx-error.log;
events {{ worker_connections 1024; }}
http {{
  log_format timed '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent'
    ' "$http_referer" "$http_user_agent" rt=$request_time urt="$upstream_response_time" msec=$msec';
  access_log {folder}/access.log timed;
  client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3;
  uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;
  upstream shop {{ server {service}; keepalive 32; }}
  server {{
    listen {web};
    location / {{ proxy_pass http://shop; proxy_http_version 1.1; proxy_set_header Connection ""; }}
  }}
}}
"""


class Fault:
    """What is wrong now, read anew ten times a second."""

    def __init__(self, folder):
        self.file = folder / "fault"
        self.name, self.size = "", 0.0
        threading.Thread(target=self._follow, daemon=True).start()

    def _follow(self):
        while True:
            try:
                name, size = self.file.read_text().split()
                self.name, self.size = name, float(size)
            except (OSError, ValueError):
                self.name, self.size = "", 0.0
            time.sleep(0.1)

    def size_if(self, name):
        return self.size if self.name == name else 0.0


class Answers(BaseHTTPRequestHandler):
    """Keeps connections, writes each answer in one piece, logs nothing."""

    protocol_version = "HTTP/1.1"
    wbufsize = 65536

    def log_message(self, *_):
        pass

    def answer(self, code):
        self.send_response(code)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")


class Server(ThreadingHTTPServer):
    request_queue_size = 512
    daemon_threads = True


def pricing(folder):
    fault = Fault(folder)

    class Handler(Answers):
        def do_GET(self):
            time.sleep(fault.size_if("upstream") or 0.003)
            self.answer(200)

    Server(("127.0.0.1", PRICING), Handler).serve_forever()


def service(folder, otlp, address, cache_mib):
    import psycopg
    from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.metrics import Observation
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor
    from opentelemetry.trace import SpanKind, Status, StatusCode

    fault = Fault(folder)
    resource = Resource.create({"service.name": "shop"})
    tracing = TracerProvider(resource=resource)
    spans = OTLPSpanExporter(endpoint=f"http://127.0.0.1:{otlp}/v1/traces")
    tracing.add_span_processor(BatchSpanProcessor(spans, schedule_delay_millis=1000, max_queue_size=20000, max_export_batch_size=1024))
    tracer = tracing.get_tracer("shop")

    pool, waiting, leaked = queue.Queue(), [0], []
    for _ in range(POOL):
        pool.put(psycopg.connect(DSN, autocommit=True))

    reader = PeriodicExportingMetricReader(OTLPMetricExporter(endpoint=f"http://127.0.0.1:{otlp}/v1/metrics"), export_interval_millis=1000)
    meter = MeterProvider(resource=resource, metric_readers=[reader]).get_meter("shop")
    prefix, named = "db.client.connection.", {"db.client.connection.pool.name": "shop"}

    def counts(_):
        idle = pool.qsize()
        for state, count in (("used", POOL - idle), ("idle", idle)):
            yield Observation(count, {**named, prefix + "state": state})

    def gauge(name, callback, unit):
        meter.create_observable_up_down_counter(prefix + name, [callback], unit)

    gauge("count", counts, "{connection}")
    gauge("max", lambda _: [Observation(POOL, named)], "{connection}")
    gauge("pending_requests", lambda _: [Observation(waiting[0], named)], "{request}")

    def leak():
        while True:
            time.sleep(0.1)
            if fault.size_if("pool"):
                while len(leaked) < POOL - 1:
                    leaked.append(pool.get())
            while leaked and not fault.size_if("pool"):
                pool.put(leaked.pop())

    threading.Thread(target=leak, daemon=True).start()
    searches, count = threading.Lock(), threading.Lock()

    def asked(change):
        with count:
            waiting[0] += change

    @contextlib.contextmanager
    def connection():
        with tracer.start_as_current_span("pool.acquire"):
            asked(1)
            try:
                one = pool.get()
            finally:
                asked(-1)
        try:
            yield one
        finally:
            time.sleep(fault.size_if("pool"))
            pool.put(one)

    def query(name, text, values):
        with connection() as one, tracer.start_as_current_span(name, kind=SpanKind.CLIENT) as span:
            span.set_attributes({"db.system.name": "postgresql", "db.namespace": "shop", "db.query.text": text})
            return one.execute(text, values).fetchall()

    # Bytes that do not compress, as those of a real cache.
    cache = random.randbytes(cache_mib << 20)

    def remember():
        return sum(cache[random.randrange(len(cache))] for _ in range(LOOKS if cache else 0))

    def item(number):
        query("SELECT items by id", "select * from items where id = %s", (number,))

    def search():
        with searches:
            time.sleep(fault.size_if("lock"))
        sku = f"sku-{random.randrange(10**6)}"
        query("SELECT items by sku", "select * from items where sku = %s limit 5", (sku,))

    def order(number):
        with tracer.start_as_current_span("GET /price", kind=SpanKind.CLIENT, attributes={"peer.service": "pricing"}):
            urllib.request.urlopen(f"http://127.0.0.1:{PRICING}/price").read()
        item(number)
        query("INSERT orders", "insert into orders (item, amount) values (%s, %s) returning id", (number, 1))

    class Handler(Answers):
        def do_GET(self):
            kind, _, number = self.path.split("?")[0].strip("/").partition("/")
            route = {"item": "/item/{id}", "search": "/search", "order": "/order/{id}"}.get(kind, "/")
            with tracer.start_as_current_span(f"GET {route}", kind=SpanKind.SERVER) as span:
                span.set_attributes({"http.route": route, "http.request.method": "GET"})
                code = 200
                remember()
                try:
                    if kind == "item":
                        item(int(number))
                    elif kind == "search":
                        search()
                    elif kind == "order":
                        order(int(number))
                except Exception as problem:
                    code = 500
                    span.set_status(Status(StatusCode.ERROR, str(problem)))
                span.set_attribute("http.response.status_code", code)
            self.answer(code)

    Server((address, SERVICE), Handler).serve_forever()


def load(rate, web):
    """Open arrivals: a request starts on time whether or not others are done."""
    room = threading.Semaphore(200)

    def one():
        draw, number = random.random(), random.randrange(1, 10**5)
        path = f"/item/{number}" if draw < 0.6 else "/search?q=x" if draw < 0.85 else f"/order/{number}"
        try:
            urllib.request.urlopen(f"http://{web}:{WEB}{path}", timeout=20).read()
        except OSError:
            pass
        finally:
            room.release()

    due = time.monotonic()
    while True:
        due += random.expovariate(rate)
        time.sleep(max(0.0, due - time.monotonic()))
        room.acquire()
        threading.Thread(target=one, daemon=True).start()


def ends_with_parent(by):
    """A child that the kernel ends when its parent ends (PR_SET_PDEATHSIG)."""
    libc = ctypes.CDLL(None)
    return lambda: libc.prctl(1, by)


def until(told, what, seconds=60):
    """Waits until `told` answers without an error."""
    end = time.monotonic() + seconds
    while True:
        try:
            return told()
        except OSError as problem:
            if time.monotonic() > end:
                raise SystemExit(f"{what} does not answer: {problem}") from problem
            time.sleep(0.1)


def database(folder, rows, start):
    """A cluster of its own, since it is removed afterwards; PostgreSQL refuses to run as root."""
    import psycopg

    programs = sorted(glob.glob("/usr/lib/postgresql/*/bin"))
    if not programs:
        raise SystemExit("PostgreSQL is not installed: apt-get install postgresql")
    cluster, user = folder / "postgres", "postgres" if os.geteuid() == 0 else None
    cluster.mkdir()
    if user:
        shutil.chown(cluster, user, user)
    subprocess.run(
        [f"{programs[-1]}/initdb", "-D", cluster, "-U", "shop", "--auth=trust", "--no-sync"],
        check=True, user=user, cwd="/", stdout=subprocess.DEVNULL,
    )
    options = {"port": DATABASE, "listen_addresses": "127.0.0.1", "unix_socket_directories": "", "jit": "off",
               "max_parallel_workers_per_gather": 0, "shared_buffers": "128MB", "logging_collector": "off"}
    settings = [text for name, value in options.items() for text in ("-c", f"{name}={value}")]
    start([f"{programs[-1]}/postgres", "-D", cluster, *settings], user=user, cwd="/", by=signal.SIGINT)

    def connected():
        try:
            return psycopg.connect(DSN, autocommit=True)
        except psycopg.OperationalError as problem:
            raise OSError(str(problem)) from problem

    one = until(connected, "PostgreSQL")
    one.execute("create table items (id bigint primary key, sku text, price integer, stock integer)")
    one.execute("create table orders (id bigserial primary key, item bigint, amount integer)")
    one.execute("insert into items select n, 'sku-' || n, n %% 1000, n %% 50 from generate_series(1, %s) n", (rows,))
    one.execute("create index items_sku on items (sku)")
    one.execute("vacuum analyze items")
    one.execute("checkpoint")
    return one


def up(told):
    """Everything, until it is told to end."""
    folder = pathlib.Path(told.folder)
    folder.mkdir(mode=0o755)
    children = []

    def start(command, by=signal.SIGKILL, **more):
        log = open(folder / "log", "ab")
        child = subprocess.Popen(command, stdout=log, stderr=log, preexec_fn=ends_with_parent(by), **more)
        children.append((child, by))

    # Enters the namespace without a process of its own in between.
    across = ["nsenter", f"--net=/run/netns/{told.web_space}"] if told.web_space else []

    def part(*arguments, through=()):
        start([*through, sys.executable, __file__, *map(str, arguments)])

    def ended(*_):
        sys.exit(0)

    signal.signal(signal.SIGTERM, ended)
    signal.signal(signal.SIGINT, ended)
    try:
        connection = database(folder, told.rows, start)
        part("pricing", folder)
        part("service", folder, "--otlp", told.otlp, "--enter", told.enter, "--service", told.service, "--cache", told.cache)
        sides = {"service": f"{told.service}:{SERVICE}", "web": f"{told.web}:{WEB}"}
        (folder / "nginx.conf").write_text(NGINX.format(folder=folder, **sides))
        start([*across, "nginx", "-e", folder / "nginx-error.log", "-c", folder / "nginx.conf"], by=signal.SIGTERM)
        until(lambda: urllib.request.urlopen(f"http://{told.web}:{WEB}/item/1").read(), "the shop")
        part("load", "--rate", told.rate, "--web", told.web, through=across)
        (folder / "ready").touch()
        fault, dropped = Fault(folder), False
        while all(child.poll() is None for child, _ in children):
            time.sleep(0.05)
            wanted = bool(fault.size_if("query"))
            if wanted != dropped:
                connection.execute("drop index items_sku" if wanted else "create index items_sku on items (sku)")
                dropped = wanted
        raise SystemExit("a part of the shop has ended:\n" + (folder / "log").read_text()[-2000:])
    finally:
        for child, by in reversed(children):
            child.send_signal(by)
        for child, _ in children:
            child.wait(20)
        shutil.rmtree(folder, ignore_errors=True)


def main():
    told = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    told.add_argument("part", choices=["up", "service", "pricing", "load"])
    told.add_argument("folder", nargs="?", default="")
    told.add_argument("--rate", type=float, default=45.0)
    told.add_argument("--rows", type=int, default=1_500_000)
    told.add_argument("--otlp", type=int, default=14318)
    told.add_argument("--enter", default="")
    told.add_argument("--cache", type=int, default=0)
    told.add_argument("--service", default="127.0.0.1")
    told.add_argument("--web", default="127.0.0.1")
    told.add_argument("--web-space", default="")
    told = told.parse_args()
    match told.part:
        case "up":
            up(told)
        case "service":
            # Its threads start in the group that a disturbance limits.
            for file in filter(None, told.enter.split(",")):
                pathlib.Path(file).write_text(str(os.getpid()))
            service(pathlib.Path(told.folder), told.otlp, told.service, told.cache)
        case "pricing":
            pricing(pathlib.Path(told.folder))
        case "load":
            load(told.rate, told.web)


main()

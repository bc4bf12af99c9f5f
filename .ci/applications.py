"""Real clients talk to a recording agent; what the session holds is held against what they sent."""

import glob
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request
import zipfile

import pandas
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter as GrpcMetrics
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as GrpcSpans
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter as HttpMetrics
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as HttpSpans
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.metrics.view import ExponentialBucketHistogramAggregation, View
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind, Status, StatusCode

# The user that servers run as which refuse to run as root.
NOBODY = "nobody"
# Transactions that are asked of PostgreSQL while it is recorded.
TRANSACTIONS, ROLLBACKS = 500, 7
# What two processes of one name, one of them begun twice, order together.
TWINS = 50 + 5 + 30 + 5 + 7 + 3
# Below what the agent keeps of spans each second, so that all are kept.
REQUESTS = 200
SECRET = "hunter2"
NGINX = """
worker_processes 1; daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 64; }}
http {{
  log_format timed '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent rt=$request_time msec=$msec';
  access_log {folder}/access.log timed;
  server {{
    listen 127.0.0.1:{port};
    location /status {{ stub_status; access_log off; }}
    location / {{ return 200 "ok"; }}
  }}
}}
"""


PROMETHEUS = """
global: {{ scrape_interval: 1s }}
scrape_configs:
- {{ job_name: node, static_configs: [ {{ targets: ["127.0.0.1:{node}"] }} ] }}
- {{ job_name: self, static_configs: [ {{ targets: ["127.0.0.1:{own}"] }} ] }}
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(port, what):
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), 0.2).close()
            return
        except OSError:
            time.sleep(0.05)
    raise SystemExit(f"{what} does not listen on {port}")


def unprivileged():
    """How to start what refuses to run as root."""
    return {"user": NOBODY, "group": "nogroup", "extra_groups": [], "cwd": "/"} if os.geteuid() == 0 else {}


class Postgres:
    """A cluster of its own: its files below `folder`, a socket there, and a port on loopback."""

    def __init__(self, folder, port):
        programs = sorted(glob.glob("/usr/lib/postgresql/*/bin"))
        if not programs:
            raise SystemExit("PostgreSQL is not installed: .ci/setup --tests")
        self.programs, self.folder, self.port = programs[-1], f"{folder}/postgres", port
        os.mkdir(self.folder)
        if os.geteuid() == 0:
            # Whoever runs it passes through the folder above, and sees nothing else there.
            os.chmod(folder, 0o711)
            shutil.chown(self.folder, NOBODY, "nogroup")
        self.cluster = f"{self.folder}/data"
        self.run("initdb", "-D", self.cluster, "-U", "kymo", "--auth=trust", "--no-sync")

    def run(self, program, *arguments, **more):
        return subprocess.run([f"{self.programs}/{program}", *arguments], check=True, capture_output=True, text=True, **unprivileged(), **more).stdout

    def command(self):
        options = {"port": self.port, "listen_addresses": "127.0.0.1", "unix_socket_directories": self.folder, "fsync": "off", "autovacuum": "off"}
        return [f"{self.programs}/postgres", "-D", self.cluster, *(text for name, value in options.items() for text in ("-c", f"{name}={value}"))]

    def ask(self, text):
        return self.run("psql", "-h", self.folder, "-p", str(self.port), "-U", "kymo", "-d", "postgres", "-qAt", "-v", "ON_ERROR_STOP=1", input=text)

    def work(self):
        """Runs transactions; every insert is one of its own."""
        self.ask("create table t (n int);\n" + "".join(f"insert into t values ({n});\n" for n in range(TRANSACTIONS)))
        self.ask("begin; insert into t values (-1); rollback;\n" * ROLLBACKS)

    def name(self):
        return f"postgresql://kymo@127.0.0.1:{self.port}/postgres?sslmode=disable"


def application(service, spans, metrics):
    """Sends `REQUESTS` requests, each with a query and a call of a model inside."""
    resource = Resource.create({"service.name": service})
    tracing = TracerProvider(resource=resource)
    tracing.add_span_processor(BatchSpanProcessor(spans, schedule_delay_millis=500))
    meters = MeterProvider(
        resource=resource,
        metric_readers=[PeriodicExportingMetricReader(metrics, export_interval_millis=1000)],
        views=[View(instrument_name="app.fine", aggregation=ExponentialBucketHistogramAggregation())],
    )
    tracer, meter = tracing.get_tracer("shop"), meters.get_meter("shop")
    coarse, fine = meter.create_histogram("app.coarse", "s"), meter.create_histogram("app.fine", "s")
    tokens = meter.create_histogram("gen_ai.client.token.usage", "{token}")
    first = meter.create_histogram("gen_ai.client.operation.time_to_first_chunk", "s")
    for i in range(REQUESTS):
        with tracer.start_as_current_span("GET /cart", kind=SpanKind.SERVER) as request:
            request.set_attribute("http.route", "/cart")
            request.set_attribute("db.password", SECRET)
            with tracer.start_as_current_span("SELECT shop", kind=SpanKind.CLIENT) as query:
                query.set_attribute("db.system.name", "postgresql")
                query.set_attribute("db.query.text", f"select * from t where name = '{SECRET}'")
                time.sleep(0.02)
            with tracer.start_as_current_span("chat small", kind=SpanKind.CLIENT) as chat:
                chat.set_attribute("gen_ai.operation.name", "chat")
                chat.set_attribute("gen_ai.request.model", "small")
                chat.set_attribute("gen_ai.usage.input_tokens", 100)
                chat.set_attribute("gen_ai.usage.output_tokens", 20)
            if i % 20 == 0:
                request.set_status(Status(StatusCode.ERROR, "out of stock"))
        coarse.record(0.02)
        fine.record(0.02)
        tokens.record(20, {"gen_ai.token.type": "output", "gen_ai.request.model": "small"})
        first.record(0.2, {"gen_ai.request.model": "small"})
    tracing.shutdown()
    meters.shutdown()


def twins(exporter):
    """Two of one name that take turns, then one of them begins anew: `TWINS` orders in all."""

    def begin():
        reader = PeriodicExportingMetricReader(exporter(), export_interval_millis=1e9)
        provider = MeterProvider(resource=Resource.create({"service.name": "twins"}), metric_readers=[reader])
        meter = provider.get_meter("twins")
        return provider, meter.create_counter("app.orders"), meter.create_histogram("app.took", "s")

    def order(twin, times):
        provider, orders, took = twin
        for _ in range(times):
            orders.add(1)
            took.record(0.02)
        provider.force_flush()

    first, second = begin(), begin()
    for times in (50, 30):
        order(first, times)
        order(second, 5)
    first[0].shutdown()
    first = begin()
    order(first, 7)
    order(second, 3)
    for twin in (first, second):
        twin[0].shutdown()


def record(kymo, folder):
    children = []

    def start(*command, **more):
        children.append(subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **more))
        return children[-1]

    ports = {name: free_port() for name in ("http", "grpc", "statsd", "redis", "nginx", "postgres", "node", "of-redis", "of-nginx", "of-postgres", "prometheus")}
    try:
        with open(f"{folder}/nginx.conf", "w") as out:
            out.write(NGINX.format(folder=folder, port=ports["nginx"]))
        start("redis-server", "--port", str(ports["redis"]), "--save", "", "--dir", folder)
        nginx = start("nginx", "-c", f"{folder}/nginx.conf")
        postgres = Postgres(folder, ports["postgres"])
        server = start(*postgres.command(), **unprivileged())
        wait_for(ports["redis"], "redis")
        wait_for(ports["nginx"], "nginx")
        wait_for(ports["postgres"], "PostgreSQL")
        local = "127.0.0.1"
        start("prometheus-node-exporter", f"--web.listen-address={local}:{ports['node']}")
        start("prometheus-redis-exporter", f"--web.listen-address={local}:{ports['of-redis']}", f"--redis.addr=redis://{local}:{ports['redis']}")
        start("prometheus-nginx-exporter", f"--web.listen-address={local}:{ports['of-nginx']}", f"--nginx.scrape-uri=http://{local}:{ports['nginx']}/status")
        start("prometheus-postgres-exporter", f"--web.listen-address={local}:{ports['of-postgres']}", env={**os.environ, "DATA_SOURCE_NAME": postgres.name()})
        for name in ("node", "of-redis", "of-nginx", "of-postgres"):
            wait_for(ports[name], f"the exporter {name}")
        with open(f"{folder}/prometheus.yml", "w") as out:
            out.write(PROMETHEUS.format(node=ports["node"], own=ports["prometheus"]))
        start("prometheus", f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/tsdb", f"--web.listen-address={local}:{ports['prometheus']}")
        wait_for(ports["prometheus"], "Prometheus")
        session = f"{folder}/session.kymo"
        intakes = [
            f"otlp-http:{ports['http']}",
            f"otlp-grpc:{ports['grpc']}",
            f"statsd:{ports['statsd']}",
            f"scrape:http://{local}:{ports['node']}/metrics,job=node",
            f"scrape:http://{local}:{ports['of-redis']}/metrics,job=redis",
            f"scrape:http://{local}:{ports['of-nginx']}/metrics,job=nginx",
            f"scrape:http://{local}:{ports['of-postgres']}/metrics,every=1s,job=postgres",
            f"log:{folder}/access.log,service=nginx",
        ]
        options = [text for intake in intakes for text in ("--intake", intake)]
        recorder = subprocess.Popen([kymo, "record", "--for", "1h", "--out", session, *options])
        children.append(recorder)
        wait_for(ports["http"], "the agent")
        wait_for(ports["grpc"], "the agent")
        application(
            "shop-http",
            HttpSpans(endpoint=f"http://{local}:{ports['http']}/v1/traces", compression=Compression.Gzip),
            HttpMetrics(endpoint=f"http://{local}:{ports['http']}/v1/metrics"),
        )
        application(
            "shop-grpc",
            GrpcSpans(endpoint=f"http://{local}:{ports['grpc']}", insecure=True),
            GrpcMetrics(endpoint=f"http://{local}:{ports['grpc']}", insecure=True),
        )
        twins(lambda: HttpMetrics(endpoint=f"http://{local}:{ports['http']}/v1/metrics"))
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as statsd:
            for _ in range(50):
                statsd.sendto(b"orders.placed:2|c|#region:eu", (local, ports["statsd"]))
        postgres.work()
        web = http.client.HTTPConnection(local, ports["nginx"])

        def visit(times):
            for _ in range(times):
                web.request("GET", "/home")
                web.getresponse().read()

        # Rotated as logrotate does it: what nginx writes until it is told counts as well.
        visit(40)
        os.rename(f"{folder}/access.log", f"{folder}/access.log.1")
        visit(30)
        nginx.send_signal(signal.SIGUSR1)
        visit(30)
        # Whatever came in is closed into seconds and written by two more of them.
        time.sleep(4)
        recorder.send_signal(signal.SIGINT)
        assert recorder.wait(60) == 0, "recording failed"
        assert server.poll() is None, "PostgreSQL has ended"
        queried(kymo, folder, ports["prometheus"])
        return session
    finally:
        for child in reversed(children):
            if child.poll() is None:
                child.terminate()
        for child in children:
            child.wait(20)


def table(folder, name):
    return pandas.concat(pandas.read_parquet(path) for path in sorted(glob.glob(f"{folder}/{name}/*/*.parquet")))


def unzipped(session, folder):
    with zipfile.ZipFile(session) as archive:
        assert archive.testzip() is None
        archive.extractall(folder)


def queried(kymo, folder, port):
    """What is imported of a Prometheus server is what it answers itself."""
    end = time.time()
    queries = ("node_load1", "node_cpu_seconds_total", "prometheus_http_request_duration_seconds_bucket", "sum(rate(node_cpu_seconds_total[5s]))")
    session = f"{folder}/queried.kymo"
    options = [text for query in queries for text in ("--query", query)]
    subprocess.run([kymo, "import", f"prometheus://127.0.0.1:{port}", "--from", f"{end - 60:.3f}", "--to", f"{end:.3f}", "--out", session, *options], check=True)
    unzipped(session, f"{folder}/queried")
    metrics, rows = (table(f"{folder}/queried", name) for name in ("metrics", "histograms"))
    asked = urllib.parse.urlencode({"query": "node_cpu_seconds_total{cpu='0',mode='idle'}[60s]", "time": f"{end:.3f}"})
    answer = json.load(urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v1/query?{asked}"))
    (series,) = answer["data"]["result"]
    there = {round(at * 1000): float(value) for at, value in series["values"]}
    (name,) = [c for c in metrics.columns if c.startswith("node_cpu_seconds_total{") and "cpu=0," in c and "mode=idle" in c]
    told = metrics[["time", name]].dropna()
    here = {int(at.value // 1_000_000): value for at, value in told.itertuples(index=False)}
    assert len(here) >= 5 and here.items() <= there.items() and len(there) - len(here) <= 1, (len(here), len(there))
    assert any(c.startswith("node_load1{") for c in metrics.columns)
    assert any(c.startswith("sum(rate(") for c in metrics.columns)
    assert (rows["series"].str.startswith("prometheus_http_request_duration_seconds{")).any()
    print(f"Prometheus: {len(here)} of {len(there)} samples of {name} are those of the server")


def check(kymo, session, folder):
    unzipped(session, folder)
    spans, rows, metrics = (table(folder, name) for name in ("spans", "histograms", "metrics"))

    attributes = " ".join(spans["attributes"].dropna())
    assert SECRET not in attributes, "a secret was kept"
    assert "gen_ai.usage.output_tokens" in attributes

    def count(*parts, spans=False):
        chosen = [all(part in text for part in parts) and ("kymo.from=spans" in text) == spans for text in rows["series"]]
        return int(rows[chosen]["count"].sum())

    for service in ("shop-http", "shop-grpc"):
        mine = spans[spans["service"] == service]
        assert len(mine) == 3 * REQUESTS, (service, len(mine))
        assert (mine["status"] == "error").sum() == REQUESTS // 20
        assert mine["trace"].nunique() == REQUESTS
        one = ("service.request.duration{", f"service.name={service}")
        assert count(*one, "kind=server") == REQUESTS, (service, count(*one, "kind=server"))
        assert count(*one, "kind=client") == 2 * REQUESTS
        for metric in ("app.coarse", "app.fine", "gen_ai.client.token.usage", "gen_ai.client.operation.time_to_first_chunk"):
            assert count(metric + "{", f"service.name={service}") == REQUESTS, (metric, service)
        used = count("gen_ai.client.token.usage{", f"service.name={service}", spans=True)
        assert used == 2 * REQUESTS, (service, used)
    fine = rows[rows["series"].str.startswith("app.fine{")]
    coarse = rows[rows["series"].str.startswith("app.coarse{")]
    assert all(len(b) == 0 for b in fine["bounds"]), "exponential buckets were not kept"
    assert all(len(b) > 0 for b in coarse["bounds"]), "explicit buckets were not kept"
    assert count("service.request.duration{", "service.name=nginx") == 100

    def last(part, label=""):
        names = [c for c in metrics.columns if c.startswith(part) and label in c]
        assert names, f"no series {part} {label}"
        return metrics[names].ffill().iloc[-1]

    assert last("node_cpu_seconds_total{").sum() > 0
    assert len([c for c in metrics.columns if c.startswith("node_")]) > 200
    assert last("redis_up{").max() == 1
    assert last("redis_connected_clients").max() >= 1
    assert last("nginx_up{").max() == 1
    assert last("nginx_http_requests_total").max() >= 100
    orders = last("app.orders{", "service.name=twins")
    assert len(orders) == 1 and orders.max() == TWINS, orders
    assert count("app.took{", "service.name=twins") == TWINS, count("app.took{")
    placed = last("orders.placed")
    assert placed.max() == 100, placed

    def grown(part, label=""):
        """How much a counter grew while it was recorded; it may never fall."""
        names = [c for c in metrics.columns if c.startswith(part) and label in c]
        assert len(names) == 1, (part, names)
        told = metrics[names[0]].dropna()
        assert told.is_monotonic_increasing, (names[0], told.tolist())
        return told.iloc[-1] - told.iloc[0]

    assert last("pg_up{").max() == 1
    database = "datname=postgres,"
    committed = grown("pg_stat_database_xact_commit{", database)
    # The exporter asks within transactions too, some each second.
    assert TRANSACTIONS + 1 <= committed < 3 * TRANSACTIONS, committed
    undone = grown("pg_stat_database_xact_rollback{", database)
    assert ROLLBACKS <= undone < TRANSACTIONS, undone
    inserted = grown("pg_stat_database_tup_inserted{", database)
    assert TRANSACTIONS + ROLLBACKS <= inserted < 3 * TRANSACTIONS, inserted

    told = json.loads(subprocess.run([kymo, "services", session, "--json"], check=True, capture_output=True).stdout)
    names = {service["service"] for service in told["services"]}
    assert {"shop-http", "shop-grpc", "nginx"} <= names, names
    print(f"PostgreSQL: {committed:.0f} committed of {TRANSACTIONS + 1} and the exporter's, {undone:.0f} undone of {ROLLBACKS}, {inserted:.0f} rows of {TRANSACTIONS + ROLLBACKS}")
    print(f"{len(spans)} spans, {len(rows)} rows of histograms, {len(metrics.columns)} columns of metrics agree with what was sent")


folder = tempfile.mkdtemp(prefix="kymo-applications-")
try:
    kymo = os.path.abspath(sys.argv[1])
    check(kymo, record(kymo, folder), f"{folder}/session")
finally:
    shutil.rmtree(folder, ignore_errors=True)

"""/metrics as text and as OpenMetrics has the same series, by the letter of both; Prometheus gets units and exemplars by it."""
import gzip
import re
import urllib.request

from belfryd import Belfryd
from exposition import parse_text
from lab import Skipped, check_equal, step, until
from prometheus import Prometheus

try:
    from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_open_metrics
except ImportError:
    parse_open_metrics = None

# What Prometheus 2.42 sends.
OPEN_METRICS = ("application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
                "text/plain;version=0.0.4;q=0.5,*/*;q=0.1")


def get(daemon, **headers):
    """The answer's headers and its page, which is decompressed if it was compressed."""
    request = urllib.request.Request(daemon.metrics_address(), headers={name.replace("_", "-"): text for name, text in headers.items()})
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=60) as answer:
        body = answer.read()
        if answer.headers["Content-Encoding"] == "gzip":
            body = gzip.decompress(body)
        return answer.headers, body.decode()


def names(samples):
    """Every series by its name and labels: those of jobs, which stand still, since the daemon counts what it does."""
    return sorted((name, sorted(labels.items())) for name, labels in samples if name.startswith("belfry_job"))


def scenario(lab):
    if parse_open_metrics is None:
        raise Skipped("no python3-prometheus-client here: .ci/install-deps test")
    daemon = Belfryd(lab, """
jobs:
  broken:
    command: ["false"]
  sound:
    command: ["true"]
""")
    daemon.start()
    daemon.belfry("run", "broken", "--wait", may_fail=True)
    daemon.belfry("run", "sound", "--wait")

    step("both formats, by strict parsers")
    headers, page = get(daemon)
    check_equal("the type of the text", "text/plain; version=0.0.4; charset=utf-8", headers["Content-Type"])
    text = parse_text(page)
    headers, page = get(daemon, Accept=OPEN_METRICS, Accept_Encoding="gzip")
    check_equal("the other type", "application/openmetrics-text; version=1.0.0; charset=utf-8", headers["Content-Type"])
    check_equal("its encoding", "gzip", headers["Content-Encoding"])
    families = list(parse_open_metrics(page))
    check_equal("the series of both", names((name, labels) for family in text.values() for name, labels, _, _ in family.samples),
                names((sample.name, sample.labels) for family in families for sample in family.samples))
    check_equal("families", sorted((re.sub("_total$", "", name), family.type, family.help) for name, family in text.items()),
                sorted((family.name, family.type, family.documentation) for family in families))
    check_equal("families with a unit that is not told", [], [
        family.name for family in families if re.search("_(seconds|bytes)$", family.name) and not family.unit])

    bounds = {sample.labels["le"] for family in families for sample in family.samples if "le" in sample.labels}
    check_equal("bounds that are not written as floating-point numbers", [], [
        bound for bound in bounds if not re.fullmatch(r"\+Inf|\d+\.\d+|\de-\d\d", bound)])

    step("Prometheus asks for OpenMetrics")
    prometheus = Prometheus(lab, daemon, features=["exemplar-storage"])
    prometheus.wait('belfry_job_runs_total{job_name="sound",outcome="success"} == 1')
    about = until(lambda: prometheus.get("metadata", metric="belfry_store_size_bytes").get("belfry_store_size_bytes"))
    check_equal("the unit that it knows", "bytes", about[0]["unit"])
    query = {"query": 'belfry_job_duration_seconds_bucket{job_name="sound"}', "start": 0, "end": 4102444800}
    found = until(lambda: prometheus.get("query_exemplars", **query))
    runs = {exemplar["labels"]["run"] for series in found for exemplar in series["exemplars"]}
    check_equal("the run of the exemplar", {str(run["run"]) for run in daemon.runs("sound")}, runs)
    daemon.stop()

"""Collectors of traces, which read OTLP over HTTP as strictly as its specification has it."""
import json
import re

from lab import Failed, check, check_equal, until
from peers import HttpPeer

VALUES = {"stringValue": str, "intValue": str, "doubleValue": float}
SPAN_KEYS = {"traceId", "spanId", "parentSpanId", "name", "kind", "startTimeUnixNano", "endTimeUnixNano", "attributes", "links",
             "status"}


def only(what, expected, actual):
    check(set(actual) <= set(expected), f"{what} has keys that it should not have: {set(actual) - set(expected)}")


def attributes_of(items):
    """The attributes as a dictionary of Python's values."""
    found = {}
    for item in items:
        check_equal("the keys of an attribute", {"key", "value"}, set(item))
        (kind, value), = item["value"].items()
        check(kind in VALUES, f"{item['key']} is a {kind}")
        check(isinstance(value, VALUES[kind]) or (kind == "doubleValue" and value == 0), f"{item['key']} is {value!r}")
        check(item["key"] not in found, f"{item['key']} is there twice")
        found[item["key"]] = int(value) if kind == "intValue" else value
    return found


def identifier(what, text, digits):
    check(re.fullmatch(f"[0-9a-f]{{{digits}}}", text) and set(text) != {"0"}, f"{what} is {text!r}")
    return text


def instant(what, text):
    check(isinstance(text, str) and re.fullmatch("[1-9][0-9]{18}", text), f"{what} is {text!r}")
    return int(text)


def span_of(raw):
    only("a span", SPAN_KEYS, raw)
    span = {"trace": identifier("traceId", raw["traceId"], 32), "id": identifier("spanId", raw["spanId"], 16),
            "parent": identifier("parentSpanId", raw["parentSpanId"], 16) if "parentSpanId" in raw else None,
            "name": raw["name"], "start": instant("startTimeUnixNano", raw["startTimeUnixNano"]),
            "end": instant("endTimeUnixNano", raw["endTimeUnixNano"]), "attributes": attributes_of(raw["attributes"]),
            "links": [(identifier("traceId", link["traceId"], 32), identifier("spanId", link["spanId"], 16))
                      for link in raw.get("links", [])],
            "status": raw["status"]}
    check_equal("kind", 1, raw["kind"])
    only("a status", {"code", "message"}, raw["status"])
    check(raw["status"].get("code", 0) in (0, 1, 2), f"the status is {raw['status']}")
    check(span["start"] <= span["end"], f"{span['name']} ends before it begins")
    return span


def spans_of(request):
    """The spans of a request, with the attributes of who sent them as `resource`; fails when anything is not as it must be."""
    check_equal("the method", "POST", request["method"])
    check_equal("the type", "application/json", request["headers"]["Content-Type"])
    document = json.loads(request["body"])
    only("a request", {"resourceSpans"}, document)
    found = []
    for of_resource in document["resourceSpans"]:
        only("resourceSpans", {"resource", "scopeSpans"}, of_resource)
        only("a resource", {"attributes"}, of_resource["resource"])
        resource = attributes_of(of_resource["resource"]["attributes"])
        for of_scope in of_resource["scopeSpans"]:
            only("scopeSpans", {"scope", "spans"}, of_scope)
            check_equal("the scope", "belfry", of_scope["scope"]["name"])
            found += [{**span_of(raw), "resource": resource} for raw in of_scope["spans"]]
    check(found, "a request without a span")
    return found


def printed(daemon, run, attempt=1):
    """What the program of an attempt printed."""
    daemon.flush()
    return daemon.ask("logs", str(run))["output"][attempt - 1]["stdout"]["head"]


class Collector(HttpPeer):
    """`answer` as that of HttpPeer. What it answers with a status below 300 it has taken."""

    def __init__(self, lab, answer=lambda request: 200, tls=None):
        self.spans = []

        def take(request):
            reply = answer(request)
            status = reply[0] if isinstance(reply, tuple) else reply
            if status is not None and status < 300:
                self.spans += spans_of(request)
            return reply

        super().__init__(lab, take, tls)

    def wait(self, count=1, **wanted):
        """The spans that are like this, as soon as there are so many."""
        def like(span):
            return all((span.get(key) if key in span else span["attributes"].get("belfry." + key)) == value
                       for key, value in wanted.items())
        return until(lambda: found if len(found := [span for span in self.spans if like(span)]) >= count else None)

    def one(self, **wanted):
        found = self.wait(**wanted)
        if len(found) != 1:
            raise Failed(f"{len(found)} spans like {wanted}")
        return found[0]

"""Reads a page of /metrics by the letter of its format: Prometheus' text 0.0.4."""
import re

from lab import Failed, check

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"'
LABELS = rf"\{{((?:{LABEL}(?:,{LABEL})*)?)\}}"
NUMBER = r"(?:[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|[-+]?Inf|NaN)"
SUFFIXES = {"histogram": ("_bucket", "_sum", "_count"), "counter": ("",), "gauge": ("",)}


class Family:
    """All samples of one name. `samples`: (full name, labels as a dict in their order, value, exemplar or None)."""

    def __init__(self, name):
        self.name, self.type, self.help = name, None, None
        self.samples = []

    def labels(self):
        """The names of the labels that its samples have, le of the buckets aside; all must have the same."""
        every = [tuple(label for label in labels if label != "le") for _, labels, _, _ in self.samples]
        check(len(set(every)) == 1, f"the samples of {self.name} have different labels: {set(every)}")
        return every[0]


def unescaped(text):
    return re.sub(r'\\([\\"n])', lambda match: "\n" if match[1] == "n" else match[1], text)


def labels_of(text):
    labels = {}
    for name, value in re.findall(LABEL, text or ""):
        check(name not in labels, f"the label {name} twice in {text}")
        labels[name] = unescaped(value)
    return labels


def number(text):
    return float(text.replace("Inf", "inf").replace("NaN", "nan"))


def parse_text(page):
    """The families of a page in the text format 0.0.4, by name."""
    check(page.endswith("\n"), "the last line has no end")
    families, current = {}, None
    for count, line in enumerate(page.split("\n")[:-1], 1):
        try:
            if match := re.fullmatch(rf"# (HELP|TYPE) ({NAME}) (.*)", line):
                word, name, rest = match.groups()
                if current is None or current.name != name:
                    check(name not in families, "a second time")
                    current = families[name] = Family(name)
                check(not current.samples and getattr(current, word.lower()) is None, f"{word} at the wrong place")
                setattr(current, word.lower(), unescaped(rest))
            else:
                match = re.fullmatch(rf"({NAME})(?:{LABELS})? ({NUMBER})", line)
                check(match, "no sample")
                check(current is not None and current.type in SUFFIXES, "a sample without a type")
                check(match[1] in [current.name + suffix for suffix in SUFFIXES[current.type]], f"not one of {current.name}")
                current.samples.append((match[1], labels_of(match[2]), number(match[match.lastindex]), None))
        except Failed as failure:
            raise Failed(f"line {count}: {failure}: {line!r}") from None
    return families

"""What the jobs of these tests are told of files: each run writes a line into a FIFO."""
import os

COMMAND = """'printf "%s|%s|%s\\n" "$BELFRY_TRIGGER" "$BELFRY_WATCH_COUNT" "$(printf %s "$BELFRY_WATCH_FILES" | tr "\\n" ,)" >{}'"""


def job(lab, name, watch, extra=""):
    """A job that tells; read with told()."""
    fifo = lab.fifo(name + ".told")
    return f"  {name}:\n    watch: {watch}\n    command: {COMMAND.format(fifo)}\n{extra}"


def told(lab, name):
    """The next line: what set the run going, how many files, and their names."""
    trigger, count, files = lab.read_line(name + ".told").rstrip("\n").split("|")
    return trigger, int(count or 0), [os.path.basename(each) for each in files.split(",") if each]


def put(lab, name, text="x"):
    """A file that is there whole, under its name, at once."""
    os.makedirs(os.path.dirname(lab.path(name)), exist_ok=True)
    with open(lab.path("elsewhere"), "w", encoding="utf-8") as file:
        file.write(text)
    os.rename(lab.path("elsewhere"), lab.path(name))


def told_all(lab, name, wanted):
    """Runs until all these files were told of; fails when one is told twice. How many runs it were."""
    left, runs = set(wanted), 0
    while left:
        _, count, files = told(lab, name)
        assert count == len(files) and set(files) <= left, (files, left)
        left -= set(files)
        runs += 1
    return runs

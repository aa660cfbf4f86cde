"""Renders templates with jinja2 as dbt sets it up, for TestDifferential.

Reads a JSON list of templates from standard input; writes a JSON list of
{"text": ...} or {"error": ...}, in the same order. Exits with 3 when jinja2 is
not installed.
"""
import json
import signal
import sys

try:
    import jinja2
    import jinja2.ext
    import jinja2.sandbox
except ImportError:
    sys.exit(3)


class Tag(jinja2.ext.Extension):
    """A block tag of dbt with a signature, read as a macro."""

    tags = {"test", "data_test"}

    def parse(self, parser):
        tag = next(parser.stream)
        node = jinja2.nodes.Macro(lineno=tag.lineno)
        node.name = "test_" + parser.parse_assign_target(name_only=True).name
        parser.parse_signature(node)
        node.body = parser.parse_statements(("name:end" + tag.value,), drop_needle=True)
        return node


class Materialization(jinja2.ext.Extension):
    tags = {"materialization"}

    def parse(self, parser):
        node = jinja2.nodes.Macro(lineno=next(parser.stream).lineno)
        node.name = "materialization_" + parser.parse_assign_target(name_only=True).name
        node.args, node.defaults = [], []
        while parser.stream.skip_if("comma"):
            if parser.parse_assign_target(name_only=True).name != "default":
                parser.stream.expect("assign")
                parser.parse_expression()
        node.body = parser.parse_statements(("name:endmaterialization",), drop_needle=True)
        return node


def too_long(signum, frame):
    raise TimeoutError("endless")


def main():
    env = jinja2.sandbox.SandboxedEnvironment(
        extensions=["jinja2.ext.do", "jinja2.ext.loopcontrols", Tag, Materialization]
    )
    env.filters["is_list"] = lambda v: isinstance(v, list)
    # A list that is extended while it is looped over never ends in Python.
    signal.signal(signal.SIGALRM, too_long)
    out = []
    for source in json.load(sys.stdin):
        try:
            signal.setitimer(signal.ITIMER_REAL, 1)
            out.append({"text": env.from_string(source).render()})
        except Exception as e:  # the test compares that both fail, not how
            out.append({"error": f"{type(e).__name__}: {e}"})
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
    json.dump(out, sys.stdout)


main()

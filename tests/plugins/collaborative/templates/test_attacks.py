"""What hostile or careless templates do, against the real process that renders."""

from __future__ import annotations

import time

import pytest

from crmkit.plugins.collaborative import templates
from crmkit.plugins.collaborative.templates.worker import MOST_ENDED, Worker

PERSON = {"customer": {"name": "Ana", "metadata": None}, "message": {"x": "y"}}
AT_SAVE = {
    "walks to classes": "{{ ''.__class__.__mro__ }}",
    "walks by filter": "{{ ''|attr('__class__') }}",
    "walks by item": "{{ customer['__class__'] }}",
    "formats its way out": "{{ '{0.__class__}'.format(customer) }}",
    "maps a format": "{{ ['{0.__class__}']|map('format', customer)|list }}",
    "calls what it is given": "{{ customer.delete() }}",
    "calls a method of a text": "{{ customer.name.upper() }}",
    "reads the environment": "{{ env('SMTP_PASSWORD') }}",
    "reads the settings": "{{ config }}",
    "reads a request": "{{ request }}",
    "looks at itself": "{{ self }}",
    "looks at itself by a call": "{{ self.body() }}",
    "uses cycler": "{{ cycler.__init__.__globals__ }}",
    "uses joiner": "{{ joiner('x') }}",
    "uses namespace": "{{ namespace() }}",
    "uses lipsum": "{{ lipsum(n=20000) }}",
    "uses dict": "{{ dict(a=1) }}",
    "includes a file": "{% include '/etc/passwd' %}",
    "includes a parent folder": "{% include '../../secrets' %}",
    "includes what data says": "{% include customer.name %}",
    "includes one of a list": "{% include ['a', 'b'] %}",
    "imports a variable": "{% import x as y %}",
    "extends a variable": "{% extends name %}",
    "raises to a power": "{{ 7**(7**8) % 3 }}",
    "raises ten to a power": "{{ 10**10**8 }}",
    "switches escaping off": "{% autoescape false %}{{ customer.name }}{% endautoescape %}",
    "says it is safe": "{{ customer.name|safe }}",
    "says it is safe within a filter": "{{ [customer.name]|map('safe')|first }}",
    "calls by a filter": "{{ ''.format|callit }}",
    "has an unknown statement": "{% do x %}",
    "does not end": "{% for a in [1] %}",
    "nests brackets": "{{ " + "(" * 5_000,
    "nests lists": "{{ " + "[" * 100_000,
}
WHILE_RENDERING = {
    "repeats a text": ("{{ 'a'*50000000 }}", "two numbers"),
    "pads a number": ("{{ '%0100000000d' % 1 }}", "two numbers"),
    "repeats a list": ("{{ [0]*100000000 }}", "two numbers"),
    "multiplies on and on": ("{{ 999999999999 * 99999999 * 9 }}", "numbers up to"),
    "asks for a long range": ("{% for a in range(99999) %}{% endfor %}", "at most 1,000"),
    "indents for ever": ("{{ customer.name|indent(2000000000, true) }}", "memory"),
    "calls itself": ("{% macro m(x) %}{{ m(x) }}{% endmacro %}{{ m(1) }}", "without an end"),
    "doubles in itself": (
        "{% macro m(x) %}{{ m(x ~ x) }}{% endmacro %}{{ m('aaaaaaaa') }}",
        "memory",
    ),
    "says too much": (
        "{% for a in range(1000) %}{% for b in range(1000) %}xxxx{% endfor %}{% endfor %}",
        "more than 1,000,000 letters",
    ),
    "leads nowhere": ("{{ customer.nme }}", "'nme' is not known here; known are name"),
    "prints a group": ("{{ customer }}", "cannot be written out"),
    "prints a function": ("{{ range }}", "cannot be written out"),
    "asks data for an attribute": ("{{ customer.name.encode }}", "'encode' is not known"),
    "asks a list for an attribute": ("{{ [1].append }}", "'append' is not known"),
    "takes in what is not there": ("{% include 'nobody' %}", "no template 'nobody'"),
}


@pytest.mark.parametrize("source", AT_SAVE.values(), ids=AT_SAVE)
def test_it_is_refused_before_it_is_stored(renderer, source):
    assert renderer.refusal(source)


@pytest.mark.parametrize("source", AT_SAVE.values(), ids=AT_SAVE)
def test_it_would_come_to_nothing_if_it_were_not(renderer, source):
    """The second wall: the check left out, the same sources are rendered."""
    answer = renderer.render(source, PERSON)
    assert answer.get("error") or answer["text"] == "Ana", answer


@pytest.mark.parametrize(("source", "why"), WHILE_RENDERING.values(), ids=WHILE_RENDERING)
def test_it_is_stopped_while_it_renders(renderer, source, why):
    answer = renderer.render(source, PERSON)
    assert why in answer["error"]
    assert renderer.render("{{ customer.name }}", PERSON)["text"] == "Ana"


def test_a_loop_without_an_end_is_killed_and_only_its_message_fails():
    source = (
        "{% for a in message.n %}{% for b in range(1000) %}{% for c in range(1000) %}"
        "{% endfor %}{% endfor %}{% endfor %}done"
    )
    told = {"root": "t", "locale": "en", "sources": {"text": {"t": source}}, "styled": True}
    slow, fast = {"message": {"n": list(range(1000))}}, {"message": {"n": []}}
    with Worker(templates.Settings(cpu_seconds=0.3)) as worker:
        answers = list(worker.render("1", told, [fast, slow, fast, fast, slow, fast]))
    assert [each.get("text") for each in answers] == ["done", None, "done", "done", None, "done"]
    assert answers[1]["error"] == "takes more than 0.3 s of the processor"


def test_a_template_that_is_slow_for_everybody_is_given_up():
    source = "{% for b in range(1000) %}{% for c in range(1000) %}{% endfor %}{% endfor %}" * 60
    told = {"root": "t", "locale": "en", "sources": {"text": {"t": source}}, "styled": True}
    with Worker(templates.Settings(cpu_seconds=0.2)) as worker:
        answers = list(worker.render("1", told, [{}] * 200))
    assert len(answers) == 200
    assert [each["error"] for each in answers[MOST_ENDED:]] == [
        "given up: 3 messages in a row were stopped"
    ] * (200 - MOST_ENDED)


def test_a_process_that_only_sits_there_is_ended(monkeypatch):
    from crmkit.plugins.collaborative.templates import worker as side

    monkeypatch.setattr(side, "PATIENCE", 0.5)
    monkeypatch.setattr(side, "_BOOT", "import time; time.sleep(60)")
    started = time.monotonic()
    with Worker(templates.Settings()) as worker:
        assert worker.ask({"do": "look", "html": ""})["error"] == "takes too long"
    assert time.monotonic() - started < 30


def test_a_process_that_cannot_run_says_why(monkeypatch):
    from crmkit.plugins.collaborative.templates import worker as side

    monkeypatch.setattr(side, "_BOOT", "raise ImportError('no jinja2 here')")
    with Worker(templates.Settings()) as worker:
        assert "ImportError: no jinja2 here" in worker.ask({"do": "look", "html": ""})["error"]


def test_no_process_is_left_behind():
    with Worker(templates.Settings()) as worker:
        worker.ask({"do": "look", "html": ""})
        process = worker._process
        assert process.poll() is None
    assert process.poll() is not None


def test_the_process_knows_no_secret_and_no_crmkit(monkeypatch):
    from crmkit.plugins.collaborative.templates import worker as side

    monkeypatch.setenv("SMTP_PASSWORD", "hunter2")
    spy = (
        "from crmkit_sandbox import serving\n"
        "def look(told):\n"
        "    import os, sys\n"
        "    known = [n for n in sys.modules if n.split('.')[0] in ('crmkit', 'sqlalchemy')]\n"
        "    return {'env': dict(os.environ), 'known': known}\n"
        "serving.look = look\n"
    )
    boot = side._BOOT.replace("from crmkit_sandbox.serving", f"{spy}from crmkit_sandbox.serving")
    monkeypatch.setattr(side, "_BOOT", boot)
    with Worker(templates.Settings()) as worker:
        told = worker.ask({"do": "look", "html": ""})
    assert "hunter2" not in str(told["env"])
    assert told["known"] == []


@pytest.mark.parametrize(
    "evil", ["{{ 7*7 }}", "{% raw %}", "{# x #}", "%(password)s", "{0.__class__}", "${x}"]
)
def test_what_data_says_is_never_rendered_again(renderer, evil):
    """Rows B-19, B-28 and B-33: also where it came from a mail that is quoted."""
    answer = renderer.render(
        "> {{ message.quoted }}", {"message": {"quoted": evil}}, subject="{{ message.quoted }}"
    )
    assert answer["text"] == f"> {evil}"
    assert answer["subject"] == evil


def test_each_message_holds_what_belongs_to_its_reader_and_nothing_else(renderer):
    people = [{"customer": {"name": f"canary-{n:04}-end"}} for n in range(1_000)]
    answers = renderer.render(
        "Dear {{ customer.name }}", *people, html="<p>{{ customer.name }}</p>", subject="x"
    )
    for n, answer in enumerate(answers):
        assert answer["text"] == f"Dear canary-{n:04}-end"
        assert answer["html"] == f"<p>canary-{n:04}-end</p>"


def test_a_subject_is_one_line(renderer):
    name = "x\r\nBcc: evil@example.com"
    answer = renderer.render("t", {"customer": {"name": name}}, subject="{{ customer.name }}\n")
    assert answer["subject"] == "x Bcc: evil@example.com"


def test_thousands_of_templates_do_not_fill_the_memory(renderer):
    """Row B-34, in short: the process starts anew before it holds too many."""
    from crmkit.plugins.collaborative.templates.worker import MOST_LOADED

    with Worker(templates.Settings()) as worker:
        for n in range(MOST_LOADED + 3):
            told = {"root": "t", "locale": "en", "sources": {"text": {"t": f"{n}"}}, "styled": True}
            assert [each["text"] for each in worker.render(f"{n}", told, [{}])] == [f"{n}"]
            assert len(worker._ready) <= MOST_LOADED

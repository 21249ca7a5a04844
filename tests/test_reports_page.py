"""The page: self-contained, inert whatever the data says, whole without its script."""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
import re
from dataclasses import replace

import pytest
from lxml import etree, html

from reports.machine import findings_json
from reports.page import render_page
from reports.text import visible
from scanner.model import AccountRef, App, Audit, GroupRef, Reason, Rule, Tool
from tests.fakes.audit import clean_audit, sample_audit

HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "</title></style></td><h1>owned",
    "{{ 7 * 7 }}{% include 'x' %}",
    "%(x)s {0.__class__}",
    "javascript:alert(1)",
    "a\u202egnp.exe\u2066\u200b",
    "\x1b[2J\x00\x07\r\n",
    "\ud800\udfff",
    "=HYPERLINK(0)|cmd",
    "&lt;b&gt; &amp;",
)


def _page(audit: Audit) -> html.HtmlElement:
    return html.document_fromstring(render_page(audit).decode())


def _hostile_audit(text: str) -> Audit:
    """The sample with ``text`` in every place that a server or a person can fill."""
    audit = sample_audit()
    account = AccountRef(text, text, text, text, active=True)
    group = GroupRef(text, text, text, text)
    reason = Reason(text, text, text)
    finding = replace(
        audit.findings[0],
        app=text,
        detail=text,
        account=account,
        group=group,
        matched_by=text,
        controls=(text,),
        status=text,
    )
    rule = audit.rules[0]
    app = App(text, audit.verdict, 1, 1, 1, 0, 0, 1, (reason,))
    source = replace(audit.sources[4], source=text, url=text, type=text)
    users = replace(source.users, reasons=(reason,), deviations=(text,))
    return replace(
        audit,
        run=text,
        organization=text,
        timezone=text,
        operator=text,
        tool=Tool(text, text, text, text),
        policy=replace(audit.policy, limit=text, reference=text),
        sources=(replace(source, users=users),),
        apps=(app,),
        findings=(finding,),
        rules=(Rule(rule.kind, text, text, rule.severity, text, (text,), text),),
        previous_run=text,
        match_counts=((text, 1),),
    )


def test_the_same_audit_gives_the_same_bytes() -> None:
    """A page can be made again and compared byte for byte."""
    assert render_page(sample_audit()) == render_page(sample_audit())


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_inert_and_visible(text: str) -> None:
    """Whatever a server sends is text of the page: no element, attribute or style of its own."""
    calm, hostile = _page(_hostile_audit("calm")), _page(_hostile_audit(text))
    assert [one.tag for one in hostile.iter()] == [one.tag for one in calm.iter()]
    assert [sorted(one.attrib) for one in hostile.iter()] == [
        sorted(one.attrib) for one in calm.iter()
    ]
    assert visible(text) in "".join(hostile.itertext())
    content = render_page(_hostile_audit(text)).decode()
    assert not re.search(r"[\u200b-\u200f\u202a-\u202e\u2066-\u2069\x00\x1b\x07\r]", content)
    style = hostile.find(".//style")
    assert style is not None
    assert style.text is not None
    assert "</" not in style.text


def test_the_policy_of_the_page_names_its_own_style_and_script() -> None:
    """The content security policy allows exactly the inline style and script that are there."""
    page = _page(sample_audit())
    head = page.find("head")
    assert head is not None
    assert head[0].get("charset") == "utf-8"
    assert head[1].get("http-equiv") == "Content-Security-Policy"
    policy = dict(part.split(None, 1) for part in str(head[1].get("content")).split("; "))
    assert policy.pop("default-src") == "'none'"
    assert policy.pop("img-src") == "data:"
    assert policy.pop("base-uri") == policy.pop("form-action") == "'none'"
    for tag in ("style", "script"):
        (element,) = page.iter(tag)
        digest = hashlib.sha256(str(element.text).encode()).digest()
        assert policy.pop(f"{tag}-src") == f"'sha256-{base64.b64encode(digest).decode()}'"
    assert policy == {}


def test_the_page_needs_nothing_else() -> None:
    """No style attribute, no inline handler, no form, and no address outside the page."""
    for element in _page(sample_audit()).iter(etree.Element):
        for name, value in element.attrib.items():
            assert name != "style"
            assert not str(name).startswith("on")
            if name in {"src", "href", "action", "srcset", "data"}:
                assert str(value).startswith("#") or value == "data:,"
        assert element.tag not in {"form", "iframe", "object", "embed", "base", "img"}


def test_every_finding_of_the_json_is_on_the_page() -> None:
    """Below the cap the page lacks no finding, with or without its script."""
    audit = sample_audit()
    page = _page(audit)
    rows = [row.get("id") for row in page.iter("tr") if row.get("id")]
    document = json.loads(findings_json(audit))
    assert sorted(map(str, rows)) == sorted(f"finding-{one['id']}" for one in document["findings"])
    assert not page.xpath("//tr[@hidden]")


def test_the_first_screen_says_who_what_when_and_what_is_open() -> None:
    """Organization, moment, run, tool, operator, policy, verdict and open points stand first."""
    page = _page(sample_audit())
    before = "".join(page.find(".//header").itertext()) + "".join(
        text for part in page.find(".//main")[:3] for text in part.itertext()
    )
    for said in (
        "Example Corp",
        "as of 2026-11-01 09:00:00 UTC",
        "000007-20261101T090000Z",
        "ghostscan 0.1.0",
        "jdoe@audit-host",
        "ACP-07 v3, section 4.2",
        "Unable to conclude",
        "completeness proven for 5 of 6 sources",
        "What could not be concluded, and why",
        "The server reports 412 users and 400 distinct records were received.",
        "Run again when no bulk change is under way",
    ):
        assert said in before


def test_no_word_of_the_page_claims_compliance() -> None:
    """The page notes deviations; it never scores, passes or certifies."""
    for audit in (sample_audit(), clean_audit()):
        said = " ".join("".join(_page(audit).find("body").itertext()).lower().split())
        assert not re.search(r"\b(compliant|compliance|pass|score\w*|grade|certif\w+)\b", said)


def test_tables_and_sections_can_be_heard() -> None:
    """Language, captions, heading scopes, unique ids and working anchors are all there."""
    page = _page(sample_audit())
    assert page.get("lang") == "en"
    assert page.xpath("//a[@class='skip']/@href") == ["#main"]
    assert not page.xpath("//table[not(caption)]")
    assert not page.xpath("//th[not(@scope)]")
    assert not page.xpath("//svg[not(title)] | //svg[not(desc)]")
    assert page.xpath("//*[@role='status']")
    ids = page.xpath("//@id")
    assert len(ids) == len(set(ids))
    for target in page.xpath("//a/@href | //*/@aria-labelledby"):
        assert str(target).removeprefix("#") in ids
    levels = [int(str(one.tag)[1]) for one in page.xpath("//h1|//h2|//h3|//h4")]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))


def test_long_sections_say_where_the_rest_is() -> None:
    """Above the cap the page names the shown and the full number, and the complete file."""
    audit = sample_audit()
    many = tuple(replace(audit.findings[0], id=f"{number:016x}") for number in range(501))
    page = _page(replace(audit, findings=many))
    assert page.xpath("count(//table[@class='rows']/tbody/tr)") == 500
    said = "".join(page.itertext())
    assert "Showing 500 of 501; the complete list is in findings.csv." in said


def test_a_clean_page_shows_what_was_checked() -> None:
    """Without a finding every kind of the catalogue is still named, and no filter is offered."""
    audit = clean_audit()
    page = _page(replace(audit, match_counts=()))
    said = "".join(page.itertext())
    assert all(rule.title in said for rule in audit.rules)
    assert "No finding of any kind." in said
    assert "Every source was proved complete, and nothing was withheld from any app." in said
    assert "No account was correlated." in said
    assert not page.xpath("//*[@id='controls']")


def test_the_query_is_printed_with_its_result() -> None:
    """Each kind shows the exact query that was run."""
    audit = sample_audit()
    printed = [str(one.text) for one in _page(audit).xpath("//details/pre/code")]
    assert sorted(printed) == sorted(rule.query.strip() for rule in audit.rules)

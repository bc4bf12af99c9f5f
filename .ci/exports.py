"""Exports a session with hostile names in every form and parses the files as a reader would."""

import csv
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import xml.etree.ElementTree

import html5lib
import pypdf

KINDS = ["performance", "trend", "optimization", "prediction"]

# What breaks out of text, attributes, comments, styles, Markdown, PDF strings and cells if it can.
HOSTILE = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "'--></style></title><svg onload=alert(1)>",
    "</template><iframe src=https://evil.example/>",
    "[x](javascript:alert(1))",
    "{{ 7*7 }}{% raw %}",
    ") /JS (app.alert(1)) /S /JavaScript (",
    "=cmd|' /C calc'!A0",
    "+1+1",
    "@SUM(1)",
    "\u202egnp.exe",
]

# Everything that a report is made of; anything else came from a name.
ELEMENTS = set(
    "html head meta title style body header main footer nav section template p h1 h2 h3 ul ol li dl dt dd div "
    "span a data b strong code table caption thead tbody tr th td figure figcaption details summary "
    "svg desc path line text rect g polygon".split()
)


def run(*command):
    result = subprocess.run(command, capture_output=True, text=True)
    assert result.returncode == 0, (command, result.returncode, result.stderr)


def session(kymo, folder):
    """A session whose series, notes and findings have hostile names."""
    table = folder / "hostile.csv"
    with open(table, "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["time", *HOSTILE])
        for row in range(400):
            step = 5 if row > 200 else 0
            writer.writerow([1_767_000_000 + row, *[(row * 7919 % 97) / 97 + place + step for place in range(len(HOSTILE))]])
    out = folder / "hostile.kymo"
    run(kymo, "import", str(table), "--out", str(out))
    run(kymo, "analyze", str(out), "--keep")
    return out


def draft(folder, kind):
    """A draft with hostile words where people write."""
    words = " ".join(HOSTILE).replace("\\", "\\\\").replace('"', '\\"')
    path = folder / f"{kind}-draft.ron"
    path.write_text(
        f'(schema: 1, kind: "{kind}", title: "{words}", author: "{words}", scope: "{words}", items: ['
        f'Heading("{words}"), Text("{words}"), '
        + ", ".join(f'Part("{part}")' for part in ["summary", "findings", "trends", "outlook", "quality", "resources", "methods"])
        + "])"
    )
    return path


def check_page(path):
    text = path.read_text()
    parser = html5lib.HTMLParser(tree=html5lib.getTreeBuilder("etree"), namespaceHTMLElements=False)
    tree = parser.parse(text)
    policy = None
    count = 0
    for element in tree.iter():
        if not isinstance(element.tag, str):
            continue
        name = element.tag.rsplit("}", 1)[-1]
        assert name in ELEMENTS, f"{path.name}: <{name}>"
        count += 1
        for key, value in element.attrib.items():
            assert not key.lower().startswith("on"), f"{path.name}: {key}"
            assert key not in ("src", "srcset", "style", "action", "formaction", "ping", "background"), f"{path.name}: {key}"
            if key.endswith("href"):
                assert value.startswith("#"), f"{path.name}: {value}"
        if name == "meta" and element.get("http-equiv", "").lower() == "content-security-policy":
            policy = element.get("content")
    assert policy and "default-src 'none'" in policy and "script" not in policy, policy
    assert "\u202e" not in text and "\0" not in text, path.name
    assert "{{ 7*7 }}" in text or "49" not in text.split("</head>")[0], "a template ran inside a name"
    return count


def check_picture(path):
    for element in xml.etree.ElementTree.parse(path).iter():
        name = element.tag.rsplit("}", 1)[-1]
        assert name in ELEMENTS, f"{path.name}: <{name}>"
        if name == "style":
            assert "url(" not in element.text and "@import" not in element.text, path.name
        for key, value in element.attrib.items():
            key = key.rsplit("}", 1)[-1].lower()
            assert not key.startswith("on") and key not in ("src", "style"), f"{path.name}: {key}"
            assert key != "href" or value.startswith("#"), f"{path.name}: {value}"
            assert "url(" not in value or "url(#" in value, f"{path.name}: {value}"


def check_pdf(path):
    reader = pypdf.PdfReader(str(path))
    forbidden = {"/JS", "/JavaScript", "/Launch", "/OpenAction", "/AA", "/URI", "/SubmitForm", "/GoToR", "/GoToE", "/EmbeddedFiles", "/RichMedia", "/XFA"}
    seen = 0

    def walk(value, depth, known):
        nonlocal seen
        value = value.get_object() if isinstance(value, pypdf.generic.IndirectObject) else value
        if id(value) in known or depth > 60:
            return
        known.add(id(value))
        if isinstance(value, dict):
            for key, inner in value.items():
                assert key not in forbidden, f"{path.name}: {key}"
                if key == "/S" and isinstance(inner, pypdf.generic.NameObject):
                    assert inner not in forbidden, f"{path.name}: action {inner}"
                seen += 1
                walk(inner, depth + 1, known)
        elif isinstance(value, list):
            for inner in value:
                walk(inner, depth + 1, known)

    walk(reader.trailer["/Root"], 0, set())
    assert "/StructTreeRoot" in reader.trailer["/Root"], "it has no tags"
    assert len(reader.outline) > 2, "it has no contents"
    text = "".join(page.extract_text() for page in reader.pages)
    assert len(text) > 500
    return seen


def check_cells(path):
    count = 0
    with open(path, newline="") as file:
        for row in csv.reader(file):
            for cell in row:
                count += 1
                if cell[:1] in ("=", "+", "-", "@", "\t", "\r"):
                    float(cell)  # A number may have a sign; nothing else begins a formula.
    return count


def main():
    kymo = sys.argv[1]
    with tempfile.TemporaryDirectory() as home:
        for name in ("HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME"):
            os.environ[name] = home
        folder = pathlib.Path(home)
        source = session(kymo, folder)
        for kind in KINDS:
            for drafted in (None, draft(folder, kind)):
                extra = ["--draft", str(drafted)] if drafted else ["--kind", kind]
                for suffix, form in (("html", "html"), ("pdf", "pdf"), ("md", "md"), ("json", "json")):
                    out = folder / f"{kind}.{suffix}"
                    run(kymo, "report", str(source), *extra, "--format", form, "--out", str(out))
                elements = check_page(folder / f"{kind}.html")
                objects = check_pdf(folder / f"{kind}.pdf")
                json.loads((folder / f"{kind}.json").read_text())
                pictures = sorted((folder / f"{kind}-files").glob("*.svg"))
                assert pictures, f"{kind} has no pictures"
                for picture in pictures:
                    check_picture(picture)
        tables = folder / "tables"
        run(kymo, "export", str(source), "--format", "csv", "--out", str(tables))
        cells = sum(check_cells(path) for path in tables.rglob("*.csv"))
        print(f"exports: {elements} elements, {objects} objects of PDF, {cells} cells of tables in the last of each; nothing of a name runs")


main()

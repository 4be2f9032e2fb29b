"""Makes a Python package index (PEP 503) of real wheels with known sizes, as plain files below DIR.

usage: python-index.py DIR NAME-VERSION=BYTES[:REQUIREMENT,...]...
  such as  python-index.py /srv/python nm_alpha-1.0=4000000 nm_beta-1.0=2000000:nm-alpha

DIR/simple/NAME/index.html lists the wheels in DIR/wheels. A wheel holds a module, and BYTES that do not compress.
"""
import base64
import hashlib
import pathlib
import random
import re
import sys
import zipfile


def normalized(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def record_line(path, data):
    digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
    return f"{path},sha256={digest},{len(data)}"


def make_wheel(wheels, name, version, size, requirements):
    info = f"{name}-{version}.dist-info"
    metadata = ["Metadata-Version: 2.1", f"Name: {normalized(name)}", f"Version: {version}"]
    metadata += [f"Requires-Dist: {requirement}" for requirement in requirements]
    files = {
        f"{name}/__init__.py": f'VERSION = "{version}"\n'.encode(),
        f"{name}/payload.bin": random.Random(f"{name} {version}").randbytes(size),
        f"{info}/METADATA": "\n".join([*metadata, ""]).encode(),
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nGenerator: lab\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    lines = [record_line(path, data) for path, data in files.items()]
    files[f"{info}/RECORD"] = "\n".join([*lines, f"{info}/RECORD,,", ""]).encode()
    wheel = wheels / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_STORED) as archive:
        for path, data in files.items():
            archive.writestr(zipfile.ZipInfo(path, (2024, 1, 1, 0, 0, 0)), data)
    return wheel


def main(directory, packages):
    root = pathlib.Path(directory)
    wheels = root / "wheels"
    wheels.mkdir(parents=True, exist_ok=True)
    pages = {}
    for package in packages:
        release, _, rest = package.partition("=")
        size, _, requirements = rest.partition(":")
        name, _, version = release.rpartition("-")
        wheel = make_wheel(wheels, name, version, int(size), [r for r in requirements.split(",") if r])
        digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
        link = f'<a href="../../wheels/{wheel.name}#sha256={digest}">{wheel.name}</a><br>'
        pages.setdefault(normalized(name), []).append(link)
    for name, links in pages.items():
        page = root / "simple" / name / "index.html"
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text("<!DOCTYPE html>\n<html><body>\n" + "\n".join(links) + "\n</body></html>\n")


main(sys.argv[1], sys.argv[2:])

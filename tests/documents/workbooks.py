"""A workbook as any program reads it: the XML inside the zip."""

import io
import zipfile
from dataclasses import dataclass
from datetime import date, timedelta
from xml.etree import ElementTree

_NAMES = {"m": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}
_NULL_DAY = date(1899, 12, 30)
"""Day 0 of a sheet."""


@dataclass
class Workbook:
    """What a workbook holds, sheet by sheet from 1 on."""

    content: bytes

    def part(self, name: str) -> ElementTree.Element:
        with zipfile.ZipFile(io.BytesIO(self.content)) as archive:
            return ElementTree.fromstring(archive.read(name))

    def cells(self, sheet: int = 1) -> dict[str, str]:
        """The cells that hold something: a number as it is written, a text in quotes."""
        texts = self._texts()
        found = {}
        for cell in self.part(f"xl/worksheets/sheet{sheet}.xml").iterfind(".//m:c", _NAMES):
            assert cell.find("m:f", _NAMES) is None, "a formula"
            value = cell.find("m:v", _NAMES)
            if value is not None:
                text = value.text or ""
                found[cell.attrib["r"]] = f"'{texts[int(text)]}'" if cell.get("t") == "s" else text
        return found

    def format_of(self, place: str) -> tuple[str, bool, int]:
        """How a cell looks: its number format, whether it is bold, and how far it is indented."""
        sheet = self.part("xl/worksheets/sheet1.xml")
        (cell,) = [one for one in sheet.iterfind(".//m:c", _NAMES) if one.attrib["r"] == place]
        styles = self.part("xl/styles.xml")
        look = styles.findall("m:cellXfs/m:xf", _NAMES)[int(cell.get("s", "0"))]
        formats = {one.attrib["numFmtId"]: one.attrib["formatCode"] for one in styles.iterfind(".//m:numFmt", _NAMES)}
        built_in = {"3": "#,##0", "4": "#,##0.00"}
        number = formats.get(look.attrib["numFmtId"]) or built_in.get(look.attrib["numFmtId"], "General")
        font = styles.findall("m:fonts/m:font", _NAMES)[int(look.attrib["fontId"])]
        alignment = look.find("m:alignment", _NAMES)
        indent = 0 if alignment is None else int(alignment.get("indent", "0"))
        return number, font.find("m:b", _NAMES) is not None, indent

    def frozen_rows(self) -> str | None:
        pane = self.part("xl/worksheets/sheet1.xml").find(".//m:pane", _NAMES)
        return None if pane is None else f"{pane.get('ySplit')} {pane.get('state')}"

    def _texts(self) -> list[str]:
        with zipfile.ZipFile(io.BytesIO(self.content)) as archive:
            if "xl/sharedStrings.xml" not in archive.namelist():
                return []
        items = self.part("xl/sharedStrings.xml").iterfind("m:si", _NAMES)
        return ["".join(part.text or "" for part in item.iter(f"{{{_NAMES['m']}}}t")) for item in items]


def day_of(number: str) -> date:
    """The day that a sheet's number stands for."""
    return _NULL_DAY + timedelta(days=int(number))

"""Makes small.xls: python make_xls.py, with xlwt 1.3 installed."""

import datetime
import sys

import xlwt

book = xlwt.Workbook()
hidden = book.add_sheet("Old")
hidden.visibility = 1
hidden.write(0, 0, "not this")
sheet = book.add_sheet("Kunden")
sheet.row(0).write(0, "name")
sheet.row(0).write(1, "balance")
sheet.row(0).write(3, "since")
sheet.row(2).write(0, "M\u00fcller, \u201eJ\u00f6rg\u201c")
sheet.row(2).write(1, 4155550123.0)
sheet.row(2).write(3, datetime.datetime(2026, 3, 1, 14, 30), xlwt.easyxf(num_format_str="yyyy-mm-dd hh:mm"))
sheet.row(3).write(1, 0.1)
sheet.row(3).write(3, datetime.date(2026, 3, 1), xlwt.easyxf(num_format_str="yyyy-mm-dd"))
sheet.row(4).set_cell_boolean(0, True)
sheet.row(4).set_cell_error(1, 0x2A)
sheet.row(4).write(2, "a\nb")
sheet.row(4).write(3, 26.5 / 24, xlwt.easyxf(num_format_str="[h]:mm:ss"))
sheet.write_merge(5, 5, 0, 2, "merged")
book.save(sys.argv[1] if len(sys.argv) > 1 else "small.xls")

"""Tables as files: CSV and XLSX for programs that calculate, PDF for paper."""

class Refusal(Exception):
    detail = ""

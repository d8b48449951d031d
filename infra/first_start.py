"""The operator and its owner in a new installation: `python -m infra.first_start STACK EMAIL`, once after deploying.

It writes with the caller's own AWS credentials what the local server writes at its first start. No function has the
right to do this, and none needs it afterwards. Repeating it changes nothing.
"""

import argparse
import getpass
import os
import sys

from infra.stack import outputs_of, parameters_of


def main(arguments: list[str]) -> int:
    """Ask for the owner's password and install."""
    parser = argparse.ArgumentParser(prog="python -m infra.first_start", description=__doc__.partition("\n")[0])
    parser.add_argument("stack")
    parser.add_argument("email", help="how the operator's owner signs in")
    parser.add_argument("--name", default="Operator")
    parser.add_argument("--timezone", default="Asia/Dhaka")
    given = parser.parse_args(arguments)
    point_at(given.stack)

    from chalicelib.core.errors import Refusal
    from chalicelib.installation import install

    password = getpass.getpass("the owner's password: ")
    try:
        made = install(given.email, password, given.name, given.timezone)
    except Refusal as refusal:
        print(f"first start: {refusal.detail} {'; '.join(f'{e.field} {e.message}' for e in refusal.errors)}")
        return 1
    print("the operator is there" if made else "there was an operator already; nothing was changed")
    return 0


def point_at(stack: str) -> None:
    """Make the code that is imported afterwards work on the stack's tables: it reads the environment once."""
    outputs, parameters = outputs_of(stack), parameters_of(stack)
    os.environ |= {
        "TENANTS_TABLE": outputs["TenantsTable"],
        "BOOKS_TABLE": outputs["BooksTable"],
        "CRM_TABLE": outputs["CrmTable"],
        "OPERATOR_ID": parameters["OperatorId"],
        "CURRENCY": parameters["Currency"],
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""No row of retail billing is written over that moved since it was read, and none is made twice."""

from collections.abc import Callable
from datetime import date

import pytest

from chalicelib.aws.tables import ConditionFailed, Put, write
from chalicelib.retail.account_model import Account, Returns
from chalicelib.retail.account_store import put_account
from chalicelib.retail.document_model import Counter, Credited
from chalicelib.retail.document_store import no_documents, put_counter
from chalicelib.retail.model import DocumentKind, Terms
from chalicelib.retail.store import put_credited, put_returns, put_terms
from tests.simulation import MemoryDynamoDB

RECEIPT = DocumentKind.RECEIPT


def account(revision: int) -> Put:
    before = Account("beta", "beta", 1, revision=revision)
    return put_account(before, before._replace(advance_minor=1))


def counter(revision: int) -> Put:
    before = Counter("beta", RECEIPT, revision)
    return put_counter(before, before._replace(serial=revision + 1))


def credited(revision: int) -> Put:
    before = Credited("beta", "i1", revision=revision)
    return put_credited(before, before._replace(amount_minor=1))


def returns(revision: int) -> Put:
    return put_returns("beta", Returns(revision=revision), [("beta", 1)])


def terms(revision: int) -> Put:
    before = Terms("beta", date(2026, 11, 1), revision=revision)
    return put_terms(before, before)


def test_that_nothing_was_issued_yet_is_a_condition_of_the_write(engine: MemoryDynamoDB) -> None:
    write(counter(0))
    with pytest.raises(ConditionFailed):
        write(terms(0), no_documents("beta", RECEIPT))
    write(terms(0), no_documents("gamma", RECEIPT))


@pytest.mark.parametrize("put", [account, counter, credited, returns, terms])
def test_of_two_who_read_the_same_only_the_first_writes(engine: MemoryDynamoDB, put: Callable[[int], Put]) -> None:
    for revision in (0, 1, 2):
        write(put(revision))
        with pytest.raises(ConditionFailed):
            write(put(revision))

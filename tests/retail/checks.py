"""What is true of a biller's accounts, documents and numbers at every moment, from the rows alone."""

from collections import defaultdict

from chalicelib.aws import keys
from chalicelib.aws.config import config
from chalicelib.aws.tables import read, read_all
from chalicelib.ledger.chart import RECEIVABLE
from chalicelib.ledger.heads import read_heads, totals_of
from chalicelib.retail.account_model import Account
from chalicelib.retail.account_store import AccountRow, account_place, to_account
from chalicelib.retail.document_store import BatchRow, CounterRow, to_batch, to_counter
from chalicelib.retail.find import documents_of
from chalicelib.retail.model import DocumentKind
from chalicelib.retail.numbering import FOR_GOOD

SHARDS = 3


def accounts_of(biller_id: str) -> list[Account]:
    """Every account of a biller, of its first 30,000 subscribers."""
    assert config().books_table, "there are tables to read"
    rows = [row for shard in range(SHARDS) for row in read_all(AccountRow, keys.retail_accounts(biller_id, shard))]
    return [to_account(biller_id, *account_place(row), row) for row in rows]


def check_retail(biller_id: str) -> int:
    """Assert that accounts, documents, numbers and the book of a biller agree; the number of documents."""
    accounts = accounts_of(biller_id)
    receivable = totals_of(read_heads(biller_id)).get(RECEIVABLE, 0)
    assert sum(account.balance_minor for account in accounts) == receivable
    serials: dict[DocumentKind, list[int]] = defaultdict(list)
    numbers: dict[DocumentKind, set[str]] = defaultdict(set)
    for account in accounts:
        open_minor = sum(item.remaining_minor for item in account.open_items)
        assert account.balance_minor == open_minor - account.advance_minor, account
        assert not (account.open_items and account.advance_minor), account
        balance = 0
        for document in documents_of(biller_id, account.tenant_id, account.number):
            balance += document.change_minor
            assert document.balance_after_minor == balance, document
            assert document.net_minor + document.tax_minor == document.total_minor >= 0, document
            serials[document.kind].append(document.serial)
            numbers[document.kind].add(document.number)
        assert balance == account.balance_minor
    for kind in DocumentKind:
        counter = to_counter(biller_id, kind, read(CounterRow, keys.retail_numbers(biller_id, kind.value)))
        assert sorted(serials[kind]) == list(range(1, counter.serial + 1)), kind
        assert len(numbers[kind]) == counter.serial, kind
        assert FOR_GOOD in counter.series or sum(counter.series.values()) == counter.serial, kind
        _check_batches(biller_id, kind, counter.serial)
    return sum(map(len, serials.values()))


def _check_batches(biller_id: str, kind: DocumentKind, last: int) -> None:
    following = 1
    for row in read_all(BatchRow, keys.retail_batches(biller_id, kind.value)):
        batch = to_batch(biller_id, kind, row)
        assert batch.first_serial == following, batch
        for place, (tenant_id, number, total_minor) in enumerate(batch.issued):
            [document] = [
                one for one in documents_of(biller_id, tenant_id, number) if one.local_id == batch.local_id(place)
            ]
            assert (document.number, document.total_minor) == (batch.number(place), total_minor)
            assert (document.recorded_micros, document.due_on) == (batch.recorded_micros, batch.due_on)
        following += len(batch.issued)
    assert following == last + 1

"""What a person does to an installation: the first start, and new keys for the tokens."""

import base64
import json
import os

import boto3
import pytest
from moto import mock_aws

from infra import first_start, rotate_token_keys
from infra.rotate_token_keys import add, drop, use
from infra.stack import parameters_of

ONE_KEY = {"current": "k1", "keys": {"k1": "A" * 44}}
STACK = {
    "Parameters": {"OperatorId": {"Type": "String"}, "Currency": {"Type": "String"}},
    "Resources": {"Jobs": {"Type": "AWS::SQS::Queue"}},
    "Outputs": {
        "TenantsTable": {"Value": "tenants-7"},
        "BooksTable": {"Value": "books-7"},
        "CrmTable": {"Value": "crm-7"},
        "TokenKeysSecret": {"Value": "token-keys-7"},
    },
}


def deploy() -> None:
    """A stack of that name under moto, which knows no secrets in templates: that one is made beside it."""
    boto3.client("secretsmanager").create_secret(Name="token-keys-7", SecretString=json.dumps(ONE_KEY))
    given = {"OperatorId": "op", "Currency": "BDT"}
    boto3.client("cloudformation").create_stack(
        StackName="isp",
        TemplateBody=json.dumps(STACK),
        Parameters=[{"ParameterKey": name, "ParameterValue": value} for name, value in given.items()],
    )


def test_a_new_key_is_known_before_it_is_used_and_the_old_one_goes_last() -> None:
    added = add(ONE_KEY)
    assert (added["current"], list(added["keys"])) == ("k1", ["k1", "k2"])
    assert len(base64.urlsafe_b64decode(added["keys"]["k2"] + "=")) == 32
    used = use(added)
    assert (used["current"], used["keys"]) == ("k2", added["keys"])
    assert drop(used) == {"current": "k2", "keys": {"k2": added["keys"]["k2"]}}


def test_a_tenth_key_comes_after_the_ninth() -> None:
    keys = {"current": "k9", "keys": {"k9": "A" * 44}}
    assert use(add(keys))["current"] == "k10"


@mock_aws
def test_a_rotation_writes_the_secret_of_the_stack_and_prints_no_key(capsys: pytest.CaptureFixture[str]) -> None:
    deploy()
    for step in ("add", "use", "drop"):
        assert rotate_token_keys.main(["isp", step]) == 0
    text = boto3.client("secretsmanager").get_secret_value(SecretId="token-keys-7")["SecretString"]
    kept = json.loads(text)
    assert (kept["current"], list(kept["keys"])) == ("k2", ["k2"])
    printed = capsys.readouterr().out
    assert printed.splitlines()[-1] == "keys k2; signing with k2"
    assert kept["keys"]["k2"] not in printed


@mock_aws
def test_the_first_start_works_on_the_tables_of_the_stack(monkeypatch: pytest.MonkeyPatch) -> None:
    deploy()
    monkeypatch.setattr(os, "environ", dict(os.environ))
    first_start.point_at("isp")
    settings = ("TENANTS_TABLE", "BOOKS_TABLE", "CRM_TABLE", "OPERATOR_ID", "CURRENCY")
    assert [os.environ[name] for name in settings] == ["tenants-7", "books-7", "crm-7", "op", "BDT"]
    assert parameters_of("isp") == {"OperatorId": "op", "Currency": "BDT"}


@pytest.mark.usefixtures("database")
def test_the_first_start_makes_the_operator_once(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(first_start, "point_at", lambda stack: None)
    monkeypatch.setattr("getpass.getpass", lambda prompt: "a long enough passphrase")
    answers = [first_start.main(["isp", "owner@operator.test"]) for _ in range(2)]
    assert answers == [0, 0]
    assert capsys.readouterr().out.splitlines() == [
        "the operator is there",
        "there was an operator already; nothing was changed",
    ]


@pytest.mark.usefixtures("database")
def test_a_password_that_will_not_do_is_told_and_nothing_is_made(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(first_start, "point_at", lambda stack: None)
    monkeypatch.setattr("getpass.getpass", lambda prompt: "short")
    assert first_start.main(["isp", "owner@operator.test"]) == 1
    assert "password" in capsys.readouterr().out

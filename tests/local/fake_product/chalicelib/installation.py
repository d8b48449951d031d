from chalicelib.core.errors import Refusal


def install(operator_email: str, operator_password: str) -> None:
    if len(operator_password) < 8:
        refusal = Refusal()
        refusal.detail = "the password is too short"
        raise refusal
    print(f"installed for {operator_email}", flush=True)

"""OAuth2: tokens for credentials, single-use refresh tokens, and who may call."""

import hashlib
import hmac
import math
import threading
from collections.abc import Mapping
from typing import NoReturn
from urllib.parse import parse_qsl

from fcwork.clock import Clock
from fcwork.redact import Secret
from fcwork.simulator.account import RETAILER_ID, Account
from fcwork.simulator.exchange import Call, RefusedError, Reply
from fcwork.simulator.ledger import Ledger

_FIELDS = {
    "password": ("grant_type", "client_id", "client_secret", "username", "password"),
    "client_credentials": ("grant_type", "client_id", "client_secret"),
    "refresh_token": ("grant_type", "client_id", "client_secret", "refresh_token"),
}
_OPTIONAL = {"password": {"scope"}, "client_credentials": {"scope", "username"}, "refresh_token": {"scope"}}


class Tokens:
    """Gives access tokens and knows which of them are good.

    Args:
        account: who is let in.
        seconds: the life of an access token.
        seed: makes the tokens the same from run to run.
        clock: what ends them.
        ledger: where they are counted.
    """

    def __init__(self, account: Account, *, seconds: float, seed: int, clock: Clock, ledger: Ledger) -> None:
        self._account = account
        self._seconds = seconds
        self._seed = seed
        self._clock = clock
        self._ledger = ledger
        self._lock = threading.Lock()
        self._made = 0
        self._good_until: dict[str, float] = {}
        self._refresh: set[str] = set()

    def __repr__(self) -> str:
        return f"Tokens({len(self._good_until)} given)"

    def grant(self, call: Call) -> Reply:
        """POST /oauth/token: an access token for credentials, or for a refresh token, which is used up by it.

        Source: docs.fluentcommerce.com: authentication-api (grants, answer, single-use refresh tokens, form body).

        Assumed:
            - credentials in the query string are refused, where the platform advises against them
            - client_credentials gives no refresh token
            - a wrong client is answered with 401 invalid_client, a wrong user or refresh token with 400 invalid_grant
            - a refresh leaves the access token before it good until it expires
        """
        form = self._form(call)
        self._check_client(form)
        grant_type = form["grant_type"]
        if grant_type == "password":
            self._check_user(form)
        elif grant_type == "refresh_token":
            self._use_up(form["refresh_token"])
        return Reply(self._issue(grant_type), headers={"Cache-Control": "no-store"})

    def authorize(self, call: Call) -> None:
        """Refuse a call without a good bearer token, with 401."""
        scheme, _, token = call.authorization.partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise RefusedError(401, "no bearer token was sent", headers={"WWW-Authenticate": "Bearer"})
        with self._lock:
            good_until = self._good_until.get(token)
        if good_until is None or self._clock.monotonic() >= good_until:
            why = "unknown" if good_until is None else "expired"
            challenge = {"WWW-Authenticate": 'Bearer error="invalid_token"'}
            raise RefusedError(401, f"the bearer token is {why}", headers=challenge)

    def expire_all(self) -> None:
        """End every access token now; refresh tokens stay good."""
        with self._lock:
            self._good_until = dict.fromkeys(self._good_until, -math.inf)

    def _form(self, call: Call) -> dict[str, str]:
        if call.query:
            self._refuse(400, "invalid_request", "send the credentials in the form body, not in the query string")
        if call.content_type != "application/x-www-form-urlencoded":
            self._refuse(400, "invalid_request", "send application/x-www-form-urlencoded")
        pairs = parse_qsl(call.body.decode("utf-8", "replace"), keep_blank_values=True)
        form = dict(pairs)
        if len(form) != len(pairs):
            self._refuse(400, "invalid_request", "a field was sent twice")
        grant_type = form.get("grant_type", "")
        if grant_type not in _FIELDS:
            self._refuse(
                400, "unsupported_grant_type", f"no grant is called {grant_type!r}; known: {', '.join(_FIELDS)}"
            )
        self._check_fields(grant_type, form)
        return form

    def _check_fields(self, grant_type: str, form: Mapping[str, str]) -> None:
        needed, allowed = _FIELDS[grant_type], {*_FIELDS[grant_type], *_OPTIONAL[grant_type]}
        if missing := [name for name in needed if not form.get(name)]:
            self._refuse(400, "invalid_request", f"{grant_type} needs {', '.join(missing)}")
        if strangers := sorted(set(form) - allowed):
            self._refuse(400, "invalid_request", f"{grant_type} takes no {', '.join(strangers)}")
        if form.get("scope", "api") != "api":
            self._refuse(400, "invalid_scope", "the scope is api")

    def _check_client(self, form: Mapping[str, str]) -> None:
        if form["client_id"] != self._account.client_id:
            self._refuse(401, "invalid_client", f"no client is called {form['client_id']!r}")
        if not _same(form["client_secret"], self._account.client_secret):
            self._refuse(401, "invalid_client", "the client secret is wrong")

    def _check_user(self, form: Mapping[str, str]) -> None:
        if form["username"] != self._account.username:
            self._refuse(400, "invalid_grant", f"no user is called {form['username']!r}")
        if not _same(form["password"], self._account.password):
            self._refuse(400, "invalid_grant", "the password is wrong")

    def _use_up(self, token: str) -> None:
        with self._lock:
            known = token in self._refresh
            self._refresh.discard(token)
        if not known:
            self._refuse(400, "invalid_grant", "the refresh token is unknown or was used before")

    def _issue(self, grant_type: str) -> dict[str, object]:
        access, refresh = self._make(), self._make()
        with self._lock:
            self._good_until[access] = self._clock.monotonic() + self._seconds
            if grant_type != "client_credentials":
                self._refresh.add(refresh)
        self._ledger.token_given(refreshed=grant_type == "refresh_token")
        answer = {
            "access_token": access,
            "token_type": "bearer",
            "expires_in": math.ceil(self._seconds),
            "scope": "api",
        }
        people = {"Retailer_id": int(RETAILER_ID), "FirstName": "Simulator", "LastName": "User"}
        return {**answer, **people, **({} if grant_type == "client_credentials" else {"refresh_token": refresh})}

    def _make(self) -> str:
        with self._lock:
            self._made += 1
            return hashlib.sha256(f"{self._seed}:token:{self._made}".encode()).hexdigest()[:40]

    def _refuse(self, status: int, error: str, description: str) -> NoReturn:
        self._ledger.token_refused()
        raise RefusedError(status, description, body={"error": error, "error_description": description})


def _same(given: str, secret: Secret) -> bool:
    return hmac.compare_digest(given.encode(), secret.reveal().encode())

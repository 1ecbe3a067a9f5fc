"""From what is to be billed to lines with prices, discounts, costs and tax."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal

import attrs

from crmkit import Customer, InvalidValueError, Money, RecordNotFoundError, Unit, nearest

from . import queries, totals
from .config import Settings
from .errors import MixedCurrenciesError, NoPriceError
from .model import COST, Account, DocumentLine, Draft, Item, Price, Product
from .taxes import rule_for


@attrs.frozen(kw_only=True)
class Catalogue:
    """The part of the catalogue that a batch needs."""

    products: Mapping[str, Product]
    prices: Mapping[tuple[str, str], Sequence[Price]]

    def price(self, item: Item, price_list: str, on: date, currency: str) -> Price | None:
        """The price of the highest quantity reached, as it is on the day."""
        for each in self.prices.get((item.sku, price_list), ()):
            reached = each.from_quantity <= item.quantity and each.since <= on
            if reached and currency in ("", each.amount.currency):
                return each
        return None


@attrs.frozen(kw_only=True)
class Drawn:
    """A draft with everything that was left open filled in."""

    draft: Draft
    account: Account
    customer: Customer
    currency: str
    on: date
    due_on: date
    tax_included: bool
    lines: tuple[DocumentLine, ...]


def drawn_up(unit: Unit, drafts: Sequence[Draft]) -> list[Drawn]:
    """
    Raises:
        RecordNotFoundError: If a customer does not exist, or a SKU that has no price of its own.
        NoPriceError: If the catalogue has no price for an item.
        NoTaxRuleError: If no tax rule fits.
        MixedCurrenciesError: If the items of one draft have several currencies.
        InvalidValueError: If more is taken off than there is.
    """
    ids = sorted({each.customer_id for each in drafts})
    customers = {each.id: each for each in unit.customers.get_many(ids)}
    for each in ids:
        if each not in customers:
            raise RecordNotFoundError("customer", each)
    accounts = queries.accounts_of_many(unit, ids)
    catalogue = _catalogue(unit, {item.sku for each in drafts for item in each.items if item.sku})
    today = queries.today(unit)
    settings = unit.settings(Settings)
    return [
        _drawn(each, accounts[each.customer_id], customers[each.customer_id], catalogue, settings)
        for each in (attrs.evolve(draft, on=draft.on or today) for draft in drafts)
    ]


def _catalogue(unit: Unit, skus: set[str]) -> Catalogue:
    prices: dict[tuple[str, str], list[Price]] = {}
    for each in queries.prices(unit, sorted(skus)):
        prices.setdefault((each.sku, each.price_list), []).append(each)
    products = {each.sku: each for each in queries.products(unit, sorted(skus))}
    return Catalogue(products=products, prices=prices)


def _drawn(
    draft: Draft, account: Account, customer: Customer, catalogue: Catalogue, settings: Settings
) -> Drawn:
    assert draft.on is not None
    included = draft.tax_included
    included = settings.prices_include_tax if included is None else included
    priced = [_priced(each, draft, account, catalogue, settings) for each in draft.items]
    currency = _one_currency(draft, [money for _, money, _ in priced])
    amounts = [totals.price_of(item, money.amount_minor, per) for item, money, per in priced]
    off = totals.discounted(draft, amounts, currency)
    lines = [
        _line(place, item, money, per, catalogue, account, settings, draft.on)
        for place, (item, money, per) in enumerate(priced, 1)
    ]
    lines = [
        attrs.evolve(line, discount_minor=less, net_minor=amount - less)
        for line, amount, less in zip(lines, amounts, off, strict=True)
    ]
    days = settings.payment_days if account.payment_days is None else account.payment_days
    return Drawn(
        draft=draft,
        account=account,
        customer=customer,
        currency=currency,
        on=draft.on,
        due_on=draft.due_on or draft.on + timedelta(days=days),
        tax_included=included,
        lines=tuple(_with_tax(lines, currency, included=included)),
    )


def _with_tax(
    lines: Sequence[DocumentLine], currency: str, *, included: bool
) -> list[DocumentLine]:
    """Discounts, too, are kept without tax."""
    found = totals.taxed(lines, currency, included=included)
    return [totals.discount_before_tax(each) for each in found] if included else found


def _priced(
    item: Item, draft: Draft, account: Account, catalogue: Catalogue, settings: Settings
) -> tuple[Item, Money, int]:
    assert draft.on is not None
    if item.price is not None:
        return item, item.price, item.per
    known = catalogue.products.get(item.sku)
    if known is None or not known.active:
        told = "product" if known is None else "active product"
        raise RecordNotFoundError(told, item.sku + nearest(item.sku, catalogue.products))
    wanted = draft.currency or settings.currency
    found = catalogue.price(item, account.price_list, draft.on, wanted)
    if found is None:
        raise NoPriceError(item.sku, account.price_list, f"{draft.on}")
    return item, found.amount, found.per


def _one_currency(draft: Draft, prices: Sequence[Money]) -> str:
    off = [*(each.discount for each in draft.items), draft.discount]
    extra = [each for each in off if each is not None]
    costs = [each.cost for each in draft.items if each.cost is not None]
    currency = draft.currency or prices[0].currency
    for each in (*prices, *extra, *costs):
        if each.currency != currency:
            raise MixedCurrenciesError(str(each), each.currency, currency)
    return currency


def _line(
    place: int,
    item: Item,
    price: Money,
    per: int,
    catalogue: Catalogue,
    account: Account,
    settings: Settings,
    on: date,
) -> DocumentLine:
    known = catalogue.products.get(item.sku)
    name = item.name or (known.name if known else "")
    if not name:
        raise InvalidValueError("name", "", f"a name for {item.sku}, which no product has")
    tax_class = item.tax_class or (known.tax_class if known else "standard")
    rule = rule_for(
        settings.taxes, tax_class, account.country, business=bool(account.vat_id), on=on
    )
    return DocumentLine(
        position=place,
        sku=item.sku,
        name=name,
        unit=item.unit or (known.unit if known else "C62"),
        quantity=item.quantity,
        price_minor=price.amount_minor,
        per=per,
        discount_minor=0,
        net_minor=0,
        tax_minor=0,
        cost_minor=_cost(item, catalogue, on, price.currency),
        category=rule.category,
        rate_bp=rule.rate_bp,
        reason=rule.reason,
    )


def _cost(item: Item, catalogue: Catalogue, on: date, currency: str) -> int:
    if item.cost is not None:
        return item.cost.amount_minor
    found = catalogue.price(item, COST, on, currency)
    if found is None:
        other = catalogue.price(item, COST, on, "")
        if other is not None:
            raise MixedCurrenciesError(f"the cost of {item.sku}", other.amount.currency, currency)
        return 0
    return totals.half_up(Decimal(found.amount.amount_minor) * item.quantity / found.per)


def again(
    lines: Sequence[DocumentLine], currency: str, *, included: bool
) -> tuple[DocumentLine, ...]:
    """Parts of other lines with the tax that they alone amount to."""
    whole = [
        attrs.evolve(each, net_minor=each.net_minor + each.tax_minor) if included else each
        for each in lines
    ]
    return tuple(totals.taxed(whole, currency, included=included))

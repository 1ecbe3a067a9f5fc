"""Campaigns and their audiences, journeys and who is on them."""

import sqlalchemy as sa

from crmkit.sql import (
    Count,
    Id,
    Instant,
    Json,
    Text,
    customer,
    customer_ref,
    interaction,
    offer_ref,
    plugin_metadata,
    table,
)

metadata = plugin_metadata()

marketing_campaign = table(
    "marketing_campaign",
    metadata,
    sa.Column("id", Id, primary_key=True, autoincrement=False),
    sa.Column("name", Text, nullable=False),
    sa.Column("status", Text, nullable=False),
    sa.Column("document", Json, nullable=False),
    sa.Column("launched_at", Instant),
    sa.Column("audience", Json, nullable=False),
    sa.Column("version", Count, nullable=False),
    sa.UniqueConstraint("name"),
)

marketing_member = table(
    "marketing_member",
    metadata,
    sa.Column("campaign_id", Id, sa.ForeignKey("marketing_campaign.id"), primary_key=True),
    customer_ref(primary_key=True),
    sa.Column("arm", Text, nullable=False),
    sa.Column("stratum", Text, nullable=False),
    sa.Column("code", Text, nullable=False),
    sa.Column("why", Text, nullable=False),
    sa.Column("message_id", Id),
    offer_ref(nullable=True),
    sa.Column("redeemed_at", Instant),
    sa.Index(None, "customer_id"),
    sa.Index(None, "campaign_id", "arm", "customer_id"),
)

marketing_count = table(
    "marketing_count",
    metadata,
    sa.Column("campaign_id", Id, sa.ForeignKey("marketing_campaign.id"), primary_key=True),
    sa.Column("stratum", Text, primary_key=True),
    sa.Column("arm", Text, primary_key=True),
    sa.Column("people", Count, nullable=False),
    sa.Column("messages", Count, nullable=False),
)
"""How many members have which arm: so that the next part of a launch need not count them all."""

marketing_response = table(
    "marketing_response",
    metadata,
    sa.Column("interaction_id", Id, sa.ForeignKey(interaction.c.id), primary_key=True),
    sa.Column("campaign_id", Id, sa.ForeignKey("marketing_campaign.id"), nullable=False),
    customer_ref(),
    sa.Column("kind", Text, nullable=False),
    sa.Column("machine", Count, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Index(None, "campaign_id", "customer_id"),
)
"""Who opened and clicked; *machine* is 1 where it was none of them."""

marketing_key = table(
    "marketing_key",
    metadata,
    sa.Column("name", Text, primary_key=True),
    sa.Column("secret", Text, nullable=False),
)
"""What tokens and codes are signed with."""

marketing_journey = table(
    "marketing_journey",
    metadata,
    sa.Column("id", Id, primary_key=True, autoincrement=False),
    sa.Column("name", Text, nullable=False),
    sa.Column("version", Count, nullable=False),
    sa.Column("status", Text, nullable=False),
    sa.Column("document", Json, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("by", Text, nullable=False),
    sa.UniqueConstraint("name", "version"),
)
"""Every version of every journey; *id* is of the version."""

marketing_traveller = table(
    "marketing_traveller",
    metadata,
    sa.Column("journey", Text, primary_key=True),
    customer_ref(primary_key=True),
    sa.Column("step", Text, nullable=False),
    sa.Column("due_at", Instant),
    sa.Column("set_out_at", Instant, nullable=False),
    sa.Column("ended_at", Instant),
    sa.Index(None, "customer_id"),
    sa.Index(None, "journey", "due_at", "customer_id"),
)
"""Where each customer is; *due_at* is None for who has ended."""

marketing_programme = table(
    "marketing_programme",
    metadata,
    sa.Column("id", Id, primary_key=True, autoincrement=False),
    sa.Column("name", Text, nullable=False),
    sa.Column("status", Text, nullable=False),
    sa.Column("document", Json, nullable=False),
    sa.Column("version", Count, nullable=False),
    sa.UniqueConstraint("name"),
)

marketing_referrer = table(
    "marketing_referrer",
    metadata,
    sa.Column("programme_id", Id, sa.ForeignKey("marketing_programme.id"), primary_key=True),
    customer_ref(primary_key=True),
    sa.Column("code", Text, nullable=False),
    sa.UniqueConstraint("code"),
    sa.Index(None, "customer_id"),
)
"""The code of each who may refer."""

marketing_referral = table(
    "marketing_referral",
    metadata,
    customer_ref(primary_key=True),
    sa.Column("referrer_id", Id, sa.ForeignKey(customer.c.id), nullable=False, index=True),
    sa.Column("programme_id", Id, sa.ForeignKey("marketing_programme.id"), nullable=False),
    sa.Column("terms", Json, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("status", Text, nullable=False),
    sa.Column("why", Text, nullable=False),
    sa.Column("purchase_id", Id),
    sa.Column("watched_until", Instant, nullable=False),
    sa.Column("settled_at", Instant),
    sa.Column("referrer_offer_id", Id),
    sa.Column("referrer_points", Count, nullable=False),
    sa.Column("referred_offer_id", Id),
    sa.Column("referred_points", Count, nullable=False),
    sa.Index(None, "programme_id", "referrer_id"),
    sa.Index(None, "status", "watched_until"),
)
"""Who was sent by whom: once in their life, so by their id."""

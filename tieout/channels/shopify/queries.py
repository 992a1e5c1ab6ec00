"""What is asked of a shop's GraphQL Admin API. Nothing personal: no name, address line, e-mail or card is selected."""

_MONEY = "{ amount currencyCode }"
_BAG = "{ shopMoney { amount currencyCode } presentmentMoney { amount currencyCode } }"
_TAXES = f"{{ title rate channelLiable priceSet {_BAG} }}"
_PAGE = "pageInfo { hasNextPage endCursor }"

SHOP = "query Shop { shop { name myshopifyDomain currencyCode } }"

PAYOUTS = f"""
query Payouts($first: Int!, $after: String, $query: String) {{
  shop {{ ianaTimezone createdAt }}
  shopifyPaymentsAccount {{
    payouts(first: $first, after: $after, sortKey: ISSUED_AT, query: $query) {{
      nodes {{ id legacyResourceId issuedAt status transactionType net {_MONEY} }}
      {_PAGE}
    }}
  }}
}}
"""

PAYOUT = f"""
query Payout($id: ID!) {{
  node(id: $id) {{
    ... on ShopifyPaymentsPayout {{
      id legacyResourceId issuedAt status transactionType externalTraceId net {_MONEY}
      summary {{
        adjustmentsFee {_MONEY} adjustmentsGross {_MONEY} advanceFees {_MONEY} advanceGross {_MONEY}
        chargesFee {_MONEY} chargesGross {_MONEY} refundsFee {_MONEY} refundsFeeGross {_MONEY}
        reservedFundsFee {_MONEY} reservedFundsGross {_MONEY}
        retriedPayoutsFee {_MONEY} retriedPayoutsGross {_MONEY}
      }}
    }}
  }}
}}
"""

TRANSACTIONS = f"""
query Transactions($first: Int!, $after: String, $query: String!) {{
  shopifyPaymentsAccount {{
    balanceTransactions(first: $first, after: $after, sortKey: PROCESSED_AT, query: $query) {{
      nodes {{
        id type test transactionDate sourceId sourceType sourceOrderTransactionId adjustmentReason
        amount {_MONEY} fee {_MONEY} net {_MONEY}
        adjustmentsOrders {{ name orderTransactionId amount {_MONEY} fees {_MONEY} net {_MONEY} }}
        associatedOrder {{ id name }}
        associatedPayout {{ id status }}
      }}
      {_PAGE}
    }}
  }}
}}
"""

_LINE = f"{{ id quantity isGiftCard originalTotalSet {_BAG} discountedTotalSet {_BAG} taxLines {_TAXES} }}"
_ORDER = f"""
  id name createdAt processedAt test currencyCode presentmentCurrencyCode taxesIncluded
  shippingAddress {{ countryCodeV2 provinceCode }}
  totalPriceSet {_BAG} totalTaxSet {_BAG} totalShippingPriceSet {_BAG} totalTipReceivedSet {_BAG}
  originalTotalDutiesSet {_BAG}
  taxLines {_TAXES}
  lineItems(first: 50) {{
    nodes {_LINE}
    {_PAGE}
  }}
  shippingLines(first: 10) {{ nodes {{ discountedPriceSet {_BAG} taxLines {_TAXES} }} }}
  transactions(first: 50) {{ id kind status gateway test processedAt amountSet {_BAG} }}
  refunds(first: 20) {{
    id createdAt totalRefundedSet {_BAG}
    refundLineItems(first: 20) {{
      nodes {{ quantity subtotalSet {_BAG} totalTaxSet {_BAG} lineItem {{ id isGiftCard }} }}
    }}
    refundShippingLines(first: 5) {{ nodes {{ subtotalAmountSet {_BAG} taxAmountSet {_BAG} }} }}
    orderAdjustments(first: 10) {{ nodes {{ reason amountSet {_BAG} taxAmountSet {_BAG} }} }}
    transactions(first: 10) {{ nodes {{ id kind status gateway amountSet {_BAG} }} }}
  }}
"""

ORDERS = f"""
query Orders($ids: [ID!]!) {{
  nodes(ids: $ids) {{
    ... on Order {{ {_ORDER} }}
  }}
}}
"""

# Sorted by a time that never changes: what is changed while the pages are asked for stays in its place.
PERIOD = f"""
query Period($first: Int!, $after: String, $query: String!) {{
  orders(first: $first, after: $after, sortKey: PROCESSED_AT, query: $query) {{
    nodes {{ {_ORDER} }}
    {_PAGE}
  }}
}}
"""

LINES = f"""
query Lines($id: ID!, $first: Int!, $after: String) {{
  node(id: $id) {{
    ... on Order {{
      id
      lineItems(first: $first, after: $after) {{ nodes {_LINE} {_PAGE} }}
    }}
  }}
}}
"""

SIGHT = "query Sight { shop { ianaTimezone } currentAppInstallation { accessScopes { handle } } }"

SUBSCRIBE = """
mutation Subscribe($topic: WebhookSubscriptionTopic!, $url: URL!) {
  webhookSubscriptionCreate(topic: $topic, webhookSubscription: { callbackUrl: $url, format: JSON }) {
    webhookSubscription { id }
    userErrors { field message }
  }
}
"""

"""The QuickBooks stand-in: Intuit's OAuth, consent and the Accounting API over HTTP, or as a function here."""

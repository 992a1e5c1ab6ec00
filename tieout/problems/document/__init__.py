"""Documents that are refused or held before they are sent."""

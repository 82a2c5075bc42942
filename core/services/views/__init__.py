"""From rows to what is shown of them."""

"""Pictures: `style` is the look that all of them share."""
